"""Angles beside joints, in the picture."""

import numpy as np

from pipeline.render import Renderer, RenderOptions
from pipeline.skeletons import load_skeleton
from pipeline.types import People


def person(score: float = 1.0) -> People:
    points = np.full((1, 17, 2), 100.0, np.float32)
    for k, place in enumerate([(0, 50), (0, 45), (0, 45), (0, 48), (0, 48), (20, 80), (-20, 80)]):
        points[0, k] = 200 + place[0], place[1]
    points[0, 11:] = [[215, 200], [185, 200], [240, 270], [180, 270], [215, 340], [180, 340]]
    box, ones = np.array([[150, 40, 260, 350]], np.float32), np.ones(1, np.float32)
    return People(box, ones, points, np.full((1, 17), score, np.float32), np.array([1]))


def changed(options: RenderOptions, people: People) -> np.ndarray:
    """Where a picture differs from the one without angles."""
    blank = np.full((400, 400, 3), 90, np.uint8)
    plain, drawn = (
        Renderer(load_skeleton('coco'), chosen).draw(blank, people) for chosen in (RenderOptions(ids=False), options)
    )
    return (plain != drawn).any(axis=2)


def test_plates_stand_beside_the_knees():
    where = changed(RenderOptions(ids=False, draw_angles=True), person())
    assert where[255:285, 240:290].mean() > 0.15  # right of the left knee, at (240, 270)
    assert not where[360:].any()  # there is no foot, and so no angle of an ankle


def test_joints_that_are_not_seen_have_no_angle():
    assert not changed(RenderOptions(ids=False, draw_angles=True), person(score=0.1)).any()
