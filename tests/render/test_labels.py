"""Text plates."""

import numpy as np

from pipeline.render.canvas import RgbCanvas
from pipeline.render.labels import SMALLEST, LabelLayout, draw_plate, plate, plate_width

ORANGE, NAVY = (230, 159, 0), (0, 0, 90)


def test_plates_have_text_that_contrasts():
    dark_on_light, _ = plate('12', 24, ORANGE)
    light_on_dark, _ = plate('12', 24, NAVY)
    assert dark_on_light.shape[0] == 24 and tuple(dark_on_light[1, dark_on_light.shape[1] // 2]) == ORANGE
    assert dark_on_light.min(axis=(0, 1)).max() < 60  # near black somewhere
    assert light_on_dark.max(axis=(0, 1)).min() > 220  # near white somewhere


def test_small_text_is_still_legible():
    five, six = (plate(digit, SMALLEST, ORANGE)[0][:, :, 0].astype(int) for digit in '56')
    assert (230 - five).max() > 0.6 * 212 and ((230 - five) > 80).sum() > 10
    assert (abs(five - six) > 40).sum() >= 3


def test_corners_are_round_and_the_text_fits():
    colour, opacity = plate('10047', 30, ORANGE)
    assert opacity[0, 0, 0] < 60 and opacity[15, 3, 0] > 220
    assert plate_width('10047', 30, ORANGE) > plate_width('1', 30, ORANGE) >= 30
    ink = (colour != ORANGE).any(axis=(0, 2)).nonzero()[0]
    assert ink[0] >= 3 and ink[-1] <= colour.shape[1] - 4


def test_plates_are_moved_inside_and_left_out_where_they_do_not_fit():
    image = np.zeros((40, 60, 3), np.uint8)
    draw_plate(RgbCanvas(image), '1', -100, -100, 20, ORANGE)
    assert image[:20, :20].any() and not image[21:].any()
    tiny = np.zeros((8, 8, 3), np.uint8)
    draw_plate(RgbCanvas(tiny), 'before', 0, 0, 12, ORANGE)
    assert not tiny.any()


def test_labels_do_not_hide_each_other():
    layout = LabelLayout()
    assert layout.place(10, 50, 20, 12) == (10, 50)
    assert layout.place(15, 45, 20, 12) == (15, 37)  # 50 - 12 - 1
    assert layout.place(12, 48, 20, 12) == (12, 24)  # both are in the way
    assert layout.place(100, 50, 20, 12) == (100, 50)
