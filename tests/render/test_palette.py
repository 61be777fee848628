"""Colours of ids: stable, distinct, also with colour vision deficiency."""

import itertools

import cv2
import numpy as np
import pytest

from pipeline.render.palette import UNTRACKED, colour_of, luminance, mix, person_colours

# Machado, Oliveira, Fernandes, "A Physiologically-based Model for Simulation of Color
# Vision Deficiency" (2009), severity 1.0, on linear RGB
DEFICIENCIES = {
    'none': np.eye(3),
    'protanopia': np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    'deuteranopia': np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}


def lab(colours, deficiency):
    channel = np.asarray(colours, float) / 255
    linear = np.where(channel <= 0.04045, channel / 12.92, ((channel + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ DEFICIENCIES[deficiency].T, 0, 1)
    encoded = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    return cv2.cvtColor(encoded[None].astype(np.float32), cv2.COLOR_RGB2LAB)[0]


@pytest.mark.parametrize('deficiency, least', [('none', 25), ('protanopia', 9), ('deuteranopia', 9)])
def test_the_first_seven_ids_differ(deficiency, least):
    seen = lab([colour_of(i) for i in range(1, 8)], deficiency)
    distances = [np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)]
    assert min(distances) > least  # 2.3 is a just noticeable difference (CIE 1976)


def test_neighbouring_ids_differ_most():
    for deficiency in DEFICIENCIES:
        seen = lab([colour_of(i) for i in range(1, 3)], deficiency)
        assert np.linalg.norm(seen[0] - seen[1]) > 60


def test_colours_are_the_same_in_every_run():
    assert colour_of(1) == (86, 180, 233)
    assert colour_of(2) == (230, 159, 0)
    assert colour_of(8) == mix((86, 180, 233), (255, 255, 255), 0.45)
    assert colour_of(15) == mix((86, 180, 233), (0, 0, 0), 0.35)
    assert colour_of(22) == colour_of(1)
    assert len({colour_of(i) for i in range(1, 22)}) == 21


def test_people_without_a_track_are_grey():
    assert colour_of(-1) == colour_of(0) == UNTRACKED


@pytest.mark.parametrize('track_id', range(-1, 22))
def test_left_is_lighter_than_right(track_id):
    colours = person_colours(track_id)
    assert luminance(colours.of('left')) > luminance(colours.of('')) > luminance(colours.of('right'))


def test_mix_and_luminance():
    assert mix((0, 100, 255), (255, 0, 255), 0.5) == (128, 50, 255)
    assert luminance((255, 255, 255)) == pytest.approx(1)
    assert luminance((255, 0, 0)) == pytest.approx(0.2126)
