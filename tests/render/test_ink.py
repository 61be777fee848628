"""The transparent layer, by pixels."""

import numpy as np
import pytest

from pipeline.render.canvas import RgbCanvas
from pipeline.render.ink import Ink

WHITE = (255, 255, 255)


def canvas(value=0, height=60, width=80):
    return np.full((height, width, 3), value, np.uint8)


def points(*rows):
    return np.array(rows, float)


def draw_disc(image, centre, radius, colour, alpha):
    ink = Ink()
    assert ink.begin(RgbCanvas(image), points(centre), margin=radius + 3)
    ink.discs(points(centre), np.array([radius]), [colour], np.array([alpha]))
    ink.blend()


def draw_stroke(image, start, end, width, alpha=1.0, colour=WHITE):
    ink = Ink()
    assert ink.begin(RgbCanvas(image), points(start, end), margin=width + 3)
    ink.strokes(points(start), points(end), np.array([width]), [colour], np.array([alpha]))
    ink.blend()


def test_opacity_blends_with_what_is_below():
    image = canvas(100)
    draw_disc(image, (40, 30), 6, (200, 100, 0), alpha=0.5)
    # 100 + (200 - 100) / 2, unchanged, 100 - 100 / 2; opacity 0.5 is 128 of 255
    assert image[30, 40] == pytest.approx((150, 100, 50), abs=1)
    assert (image[:20] == 100).all() and (image[:, :30] == 100).all()


def test_full_opacity_replaces_and_none_leaves():
    image = canvas(37)
    draw_disc(image, (40, 30), 6, (200, 100, 0), alpha=1.0)
    assert tuple(image[30, 40]) == (200, 100, 0)
    image = canvas(37)
    draw_disc(image, (40, 30), 6, (200, 100, 0), alpha=0.0)
    assert (image == 37).all()


@pytest.mark.parametrize('width', [2, 3, 5.5, 8, 14])
@pytest.mark.parametrize('angle', [0, 0.3, 0.785, 1.571])
def test_strokes_cover_their_width(width, angle):
    image = canvas(0, 200, 200)
    start = np.array([60.3, 50.7])
    draw_stroke(image, start, start + 100 * np.array([np.cos(angle), np.sin(angle)]), width)
    assert image[:, :, 0].sum() / 255 / 100 == pytest.approx(width, abs=0.55)


@pytest.mark.parametrize('width', [0.01, 0.5, 1.0])
def test_strokes_are_never_thinner_than_a_pixel(width):
    image = canvas()
    draw_stroke(image, (10, 30), (70, 30), width)
    assert image[30, 20:60, 0].min() > 200
    assert 1.0 <= image[:, 40, 0].sum() / 255 < 1.6


def test_strokes_are_smooth_at_the_edges():
    image = canvas()
    draw_stroke(image, (10, 20), (70, 33), 5)
    assert len(np.unique(image)) > 20


def test_slow_motion_is_drawn_in_parts_of_a_pixel():
    def centre(x):
        image = canvas()
        draw_disc(image, (x, 30), 4, WHITE, 1.0)
        mass = image[:, :, 0].sum(axis=0)
        return (mass * np.arange(len(mass))).sum() / mass.sum()

    assert centre(40) == pytest.approx(40, abs=0.05)
    assert centre(40.5) - centre(40) == pytest.approx(0.5, abs=0.15)
    assert centre(40.25) > centre(40) + 0.05


def test_discs_cover_their_area():
    for radius in (3, 6, 12):
        image = canvas()
        draw_disc(image, (40, 30), radius, WHITE, 1.0)
        assert np.sqrt(image[:, :, 0].sum() / 255 / np.pi) == pytest.approx(radius, abs=0.25)


def test_regions_are_cut_at_the_border_and_refused_outside():
    image = canvas()
    draw_disc(image, (0, 0), 5, WHITE, 1.0)
    assert image[0, 0, 0] == 255 and image[10:, 10:].sum() == 0
    assert not Ink().begin(RgbCanvas(image), points((-50, -50)), margin=10)
    assert not Ink().begin(RgbCanvas(image), points((200, 30)), margin=10)


def test_a_layer_forgets_the_person_before():
    ink, first, second = Ink(), canvas(), canvas()
    ink.begin(RgbCanvas(first), points((40, 30)), margin=12)
    ink.discs(points((40, 30)), np.array([8.0]), [WHITE], np.array([1.0]))
    ink.begin(RgbCanvas(second), points((41, 30)), margin=12)
    ink.blend()
    assert second.sum() == 0
