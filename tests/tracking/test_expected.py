"""Found and expected people in one list: nobody twice, nobody forgotten."""

import numpy as np
import pytest

from pipeline.tracking import join
from pipeline.types import Detections


def people(*lefts, carried=False, keypoints=False):
    """Boxes of 20 x 60 px from x = left on; their joints on the diagonal."""
    boxes = np.array([[x, 0, x + 20, 60] for x in lefts], np.float32).reshape(-1, 4)
    along = np.linspace(0, 1, 17)[None, :, None]
    joints = boxes[:, None, :2] + along * (boxes[:, None, 2:] - boxes[:, None, :2])
    return Detections(
        boxes,
        np.ones(len(boxes), np.float32),
        *((joints.astype(np.float32), np.ones((len(boxes), 17), np.float32)) if keypoints else ()),
        carried=np.full(len(boxes), carried),
    )


def lefts(detections):
    return [(float(box[0]), bool(carried)) for box, carried in zip(detections.bboxes, detections.carried)]


@pytest.mark.parametrize('keypoints', [False, True])
@pytest.mark.parametrize(
    'found,expected,joined',
    [
        ([0], [4], [(0, False)]),  # the same person, who moved
        ([0], [100], [(0, False), (100, True)]),  # one whom the detector misses
        ([0], [2, 9], [(0, False), (9, True)]),  # two cross, and one is found
        ([0], [0, 1], [(0, False)]),  # two tracks of one person
        ([0, 10], [5, 15], [(0, False), (10, False)]),  # two moved by half of their distance
        ([], [3], [(3, True)]),
        ([3], [], [(3, False)]),
    ],
)
def test_join(found, expected, joined, keypoints):
    result = join(people(*found, keypoints=keypoints), people(*expected, carried=True, keypoints=keypoints))
    assert lefts(result) == joined


def test_a_pose_tells_who_is_who_where_boxes_say_nothing():
    """An arm stretched out makes the box another one; the body's joints are where they were."""
    found, expected = people(0, keypoints=True), people(0, carried=True, keypoints=True)
    expected.bboxes[0] = [-200, -200, 220, 260]
    assert lefts(join(found, expected)) == [(0.0, False)]
    expected.keypoints += 300
    assert len(join(found, expected)) == 2


def test_keypoints_are_dropped_if_one_side_has_none():
    joined = join(people(0, keypoints=True), people(100, carried=True))
    assert len(joined) == 2 and joined.keypoints is None
