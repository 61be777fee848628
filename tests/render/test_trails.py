"""Recent paths."""

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.render.canvas import RgbCanvas
from pipeline.render.palette import colour_of
from pipeline.render.trails import Trails
from pipeline.skeletons import Skeleton

HIPS = Skeleton(
    'hips',
    ('left_hip', 'right_hip', 'left_wrist'),
    ((0, 1),),
    (1, 0, 2),
    np.full(3, 0.05, np.float32),
    ('left', 'right', 'left'),
)


def walk(trails, frames, track_id=1, step=10, seen=lambda frame: True):
    """The hips wander to the right along y=50, 20 px apart, the wrist along y=20."""
    for frame in frames:
        trails.advance()
        if seen(frame):
            x = 20 + step * frame
            points = np.array([[x - 10, 50], [x + 10, 50], [x, 20]], float)
            trails.add(track_id, points, np.ones(3, bool), 100)
    image = np.zeros((80, 400, 3), np.uint8)
    trails.draw(RgbCanvas(image))
    return image


def test_the_middle_of_the_hips_leaves_its_path():
    image = walk(Trails(HIPS, ('hip_center',), 10, 0.03), range(8))
    assert image[50, 30:90].max(axis=1).min() > 0 and not image[:45].any()
    brightest = image[50, 85].astype(int)  # colour of the id, at 0.85 of full strength
    assert brightest == pytest.approx(np.array(colour_of(1)) * 0.85, abs=12)
    assert image[50, 35].sum() < 0.5 * brightest.sum()  # fades with age


def test_old_positions_are_forgotten():
    trails = Trails(HIPS, ('left_wrist',), 5, 0.03)
    image = walk(trails, range(30))
    # frames 25..29 remain: x from 270 to 310
    assert not image[:, :266].any() and image[20, 275:305].any(axis=1).all()
    assert sum(len(spots) for spots in trails._history.values()) == 5


def test_people_who_left_are_forgotten():
    trails = Trails(HIPS, ('left_wrist',), 5, 0.03)
    image = walk(trails, range(30), seen=lambda frame: frame < 10)
    assert not image.any() and not trails._history


def test_gaps_stay_gaps():
    image = walk(Trails(HIPS, ('left_wrist',), 20, 0.03), range(12), seen=lambda frame: frame not in (5, 6))
    # seen at 20..60 and 90..130, nothing between
    path = image[20].any(axis=1)
    assert path[35:58].all() and not path[66:84].any() and path[92:128].all()


def test_people_without_a_track_leave_none():
    assert not walk(Trails(HIPS, ('left_wrist',), 20, 0.03), range(12), track_id=-1).any()


def test_true_takes_the_usual_joints_that_are_there():
    image = walk(Trails(HIPS, True, 20, 0.03), range(5))
    assert image[20].any() and not image[45:].any()


def test_unknown_joints_are_refused():
    with pytest.raises(InputError, match="joint 'tail' is not in skeleton 'hips': left_hip"):
        Trails(HIPS, ('tail',), 10, 0.03)
