"""Curves to text and back."""

import json

import numpy as np

from pipeline.report.packing import pack, unpack


def test_there_and_back():
    rng = np.random.default_rng(0)
    curves = np.cumsum(rng.normal(size=(7, 500)), axis=1) * np.array([[1e-3, 1, 1e6, 40, 3, 2, 1]]).T
    curves[2, 10:20], curves[3] = np.nan, np.nan
    curves[4] = 0
    curves[5, ::2], curves[5, 1::2] = 9, -9  # steps of the whole range wrap around
    back = unpack(json.loads(json.dumps(pack(curves))))
    assert (np.isnan(back) == np.isnan(curves)).all()
    largest = np.nanmax(np.abs(curves[[0, 1, 2, 4, 5, 6]]), axis=1, keepdims=True)
    assert (np.nan_to_num(np.abs(back - curves))[[0, 1, 2, 4, 5, 6]] <= largest / 65534 * 1.001).all()


def test_infinity_is_missing():
    assert np.isnan(unpack(pack(np.array([[1, np.inf, -np.inf]])))).tolist() == [[False, True, True]]


def test_smooth_curves_become_short_and_always_the_same():
    wave = np.sin(np.arange(10_000) / 50)[None] * 500
    first, second = pack(wave), pack(wave)
    assert first == second and len(first['data']) < 16_000  # of 26,668 characters


def test_no_curves():
    assert unpack(pack(np.zeros((0, 5)))).shape == (0, 5)
    assert unpack(pack(np.zeros((3, 0)))).shape == (3, 0)
