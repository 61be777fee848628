"""One person's skeleton: what is drawn, how strongly, how wide."""

import numpy as np
import pytest

from pipeline.render.canvas import RgbCanvas
from pipeline.render.figure import FigurePainter, FigureSize, Strokes
from pipeline.render.options import RenderOptions
from pipeline.render.palette import PersonColours
from pipeline.skeletons import Skeleton

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
COLOURS = PersonColours(middle=RED, left=GREEN, right=BLUE)
# left hand - left shoulder - right shoulder - right hand, in a row
ARMS = Skeleton(
    'arms',
    ('left_wrist', 'left_shoulder', 'right_shoulder', 'right_wrist'),
    ((0, 1), (1, 2), (2, 3)),
    (3, 2, 1, 0),
    np.full(4, 0.05, np.float32),
    ('left', 'left', 'right', 'right'),
)
ROW = np.array([[20, 50], [80, 50], [140, 50], [200, 50]], np.float32)


def paint(keypoints=ROW, scores=(1, 1, 1, 1), size=200.0, filled=False, background=0, **options):
    painter = FigurePainter(ARMS, RenderOptions(**options))
    image = np.full((100, 220, 3), background, np.uint8)
    opacities = painter.opacities(keypoints, np.array(scores, np.float32), image.shape)
    painter.draw(RgbCanvas(image), keypoints, opacities, size, COLOURS, filled)
    return image


def test_limbs_have_the_colour_of_their_side():
    image = paint()
    assert tuple(image[50, 50]) == GREEN
    assert tuple(image[50, 110]) == RED  # between the sides
    assert tuple(image[50, 170]) == BLUE


def test_joints_have_a_light_dot_left_and_a_dark_one_right():
    image = paint(size=400)
    assert tuple(image[50, 20]) == (255, 255, 255)
    assert tuple(image[50, 200]) == (20, 20, 20)


def test_outlines_set_limbs_off_any_background():
    for background in (0, 255):
        column = paint(background=background, size=400)[:, 50, 1]  # green is the limb's own channel
        edge = column[50 - 6 : 50]
        assert column[50] == 255 and edge.min() < 120


def test_unsure_joints_and_their_limbs_are_left_out():
    image = paint(scores=(0.29, 1, 1, 1))
    assert image[:, :60].sum() == 0
    assert tuple(image[50, 170]) == BLUE


def test_opacity_follows_the_score():
    painter = FigurePainter(ARMS, RenderOptions(min_score=0.2, full_score=0.6))
    alpha = painter.opacities(ROW, np.array([0.1, 0.2, 0.4, 0.9], np.float32), (100, 220, 3))
    assert alpha == pytest.approx([0, 0.35, 0.35 + 0.65 / 2, 1])
    faint = paint(scores=(0.45, 0.45, 1, 1), min_score=0.3, full_score=0.6)
    # half way: opacity 0.675 over the outline's share of it; black below
    assert 150 < faint[50, 50, 1] < 190
    assert faint[50, 170, 2] == 255


def test_a_score_of_zero_is_never_drawn():
    painter = FigurePainter(ARMS, RenderOptions(min_score=0.0))
    assert painter.opacities(ROW, np.array([0, 0.1, 1, 1], np.float32), (100, 220, 3))[0] == 0


@pytest.mark.parametrize('bad', [np.nan, np.inf, -np.inf, 1e9, -1e9])
def test_impossible_positions_are_left_out(bad):
    keypoints = ROW.copy()
    keypoints[0] = bad
    image = paint(keypoints)
    assert image[:, :60].sum() == 0 and tuple(image[50, 170]) == BLUE


def test_width_follows_size_and_stays_visible():
    def rows(size):
        return int((paint(size=size, line_width=0.02)[:, 50, 1] > 128).sum())

    assert rows(200) == pytest.approx(4, abs=1)
    assert rows(600) == pytest.approx(12, abs=1)
    assert rows(1) >= 1


def test_filled_people_are_dashed_and_lighter():
    solid, dashed = (paint(filled=filled, size=200)[50, 26:74, 1] for filled in (False, True))
    assert solid.min() == 255
    gaps = (dashed < 40).sum()
    assert 10 < gaps < 38
    assert dashed.max() == pytest.approx(0.75 * 255, abs=2)


def test_dashes_by_hand():
    strokes = Strokes(
        np.array([[0.0, 0], [0, 9]]),
        np.array([[100.0, 0], [3, 9]]),
        np.array([5.0, 5.0]),
        [RED, BLUE],
        np.array([1.0, 0.5]),
    )
    cut = strokes.dashed()
    # 100 / (2.2 * 5 + 2) = 7.7: 7 parts, 4 kept; the second is too short to cut
    assert cut.starts[:, 0] == pytest.approx([0, 200 / 7, 400 / 7, 600 / 7, 0])
    assert cut.ends[:, 0] == pytest.approx([100 / 7, 300 / 7, 500 / 7, 100, 3])
    assert cut.alphas.tolist() == [1, 1, 1, 1, 0.5]
    assert cut.colours == [RED] * 4 + [BLUE]


def test_size_is_smoothed_per_track():
    sizes = FigureSize()
    box = np.array([[0, 0], [100, 300]], float)
    assert sizes.update(1, box) == 200
    assert sizes.update(1, 2 * box) == pytest.approx(200 + 0.15 * 200)
    assert sizes.update(-1, box) == 200 and sizes.update(-1, 2 * box) == 400
    sizes.forget_others(np.array([2]))
    assert sizes.update(1, 2 * box) == 400


def test_opacity_follows_the_sigma_where_there_is_one():
    painter = FigurePainter(ARMS, RenderOptions())
    scores = np.array([0.0, 0.9, 0.9, 0.9], np.float32)  # the figure is 180 px wide
    known, halfway, unknown, lost = painter.opacities(ROW, scores, (100, 220, 3), np.array([1.8, 18.9, np.nan, 33.0]))
    assert known == 1.0  # not seen in this frame, and still known from those around it
    assert halfway == pytest.approx(0.5)  # 10.5 % of the figure, between 3 and 18
    assert unknown == 1.0  # by its score
    assert lost == 0.0
