import numpy as np
import pytest

from pipeline.training.augmentation.face import FACE, attach_face, unit, wandering_yaw


def axes(frames=1):
    return [np.tile(v, (frames, 1)).astype(float) for v in ([1, 0, 0], [0, 1, 0], [0, 0, 1])]


def test_a_head_that_looks_ahead_and_to_its_left():
    centre, height = np.array([[10.0, 20, 30]]), np.array([2.0])
    ahead = attach_face(centre, *axes(), height, np.zeros(1))[0]
    assert ahead == pytest.approx(centre[0] + 2 * FACE)
    turned = attach_face(centre, *axes(), height, np.array([np.pi / 2]))[0]
    assert turned[0] == pytest.approx([10, 20 + 2 * 0.5, 30 - 2 * 0.1], abs=1e-5)  # the nose points to the left
    assert turned[3] == pytest.approx([10 - 2 * 0.33, 20, 30], abs=1e-5)  # the left ear is behind


def test_yaw_is_slow():
    yaw = wandering_yaw(500, 50.0, 0.3, np.random.default_rng(0))
    assert np.abs(np.diff(yaw)).max() * 50 < 2 * np.pi * 0.6 * 2 * 1.5  # rad/s


def test_unit():
    assert unit(np.array([[3.0, 4], [0, 0]])).tolist() == [[0.6, 0.8], [0, 0]]
