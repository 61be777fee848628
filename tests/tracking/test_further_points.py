"""Points beyond COCO's 17 around a tracker, by hand-made people."""

from dataclasses import replace

import numpy as np

from pipeline.layouts import body_joints
from pipeline.skeletons import load_skeleton
from pipeline.tracking import FurtherPoints
from pipeline.types import People

SKELETON = load_skeleton('blazepose33')
HEEL, ANKLE = SKELETON.index('left_heel'), SKELETON.index('left_ankle')


def crowd(*places: float) -> People:
    """People whose point k is at (place + k, 2 k), their scores 0.8."""
    steps = np.arange(33)
    points = np.reshape([np.stack([place + steps, 2 * steps], axis=1) for place in places], (-1, 33, 2))
    boxes = np.reshape([[place, 0, place + 33, 66] for place in places], (-1, 4)).astype(np.float32)
    scores = np.full((len(places), 33), 0.8, np.float32)
    return People(boxes, np.ones(len(places), np.float32), points.astype(np.float32), scores)


def tracked(people: People, *ids: int) -> People:
    return replace(people, track_ids=np.array(ids, np.int64))


def test_points_find_their_person_again_whatever_the_order():
    further, people = FurtherPoints(SKELETON), crowd(0, 100, 200)
    body = further.take_off(people)
    assert body.keypoints.shape == (3, 17, 2)
    out = further.put_on(tracked(body[[2, 0]], 1, 2), people)
    assert (out.keypoints == people.keypoints[[2, 0]]).all() and out.track_ids.tolist() == [1, 2]
    assert (out.keypoint_scores == people.keypoint_scores[[2, 0]]).all()


def test_a_camera_that_runs_for_days_does_not_fill_memory():
    further, people = FurtherPoints(SKELETON), crowd(0)
    for new in range(2, 3000):
        further.put_on(tracked(further.take_off(people), new), people)
        if new % 100 == 0:
            further.put_on(tracked(further.take_off(people), 1), people)
    assert len(further._last) <= 1000
    hidden = further.take_off(crowd(50))
    heels = [further.put_on(tracked(hidden, one), crowd(0)).keypoints[0, HEEL] for one in (1, 2)]
    # who was seen lately is remembered, who was not is not: then the points are where the joint is
    ankle = hidden.keypoints[0, 15]
    assert (heels[0] != ankle).any() and (heels[1] == ankle).all()


def test_points_of_somebody_hidden_go_on_with_their_joint_and_fade():
    further, people = FurtherPoints(SKELETON), crowd(0)
    further.put_on(tracked(further.take_off(people), 7), people)
    moved = further.take_off(people)
    moved = replace(moved, keypoints=moved.keypoints + [30, 5], keypoint_scores=moved.keypoint_scores / 2)
    out = further.put_on(tracked(moved, 7), crowd())
    assert np.allclose(out.keypoints[0], people.keypoints[0] + [30, 5])
    assert np.allclose(out.keypoint_scores, 0.4)


def test_whoever_was_never_seen_has_them_at_the_joint():
    further, body = FurtherPoints(SKELETON), FurtherPoints(SKELETON).take_off(crowd(0))
    out = further.put_on(tracked(body, 1), crowd())
    assert (out.keypoints[0, HEEL] == out.keypoints[0, ANKLE]).all()
    assert out.keypoint_scores[0, HEEL] == 0 < out.keypoint_scores[0, ANKLE]


def test_nobody_stays_nobody():
    further = FurtherPoints(SKELETON)
    out = further.put_on(further.take_off(crowd()), crowd())
    assert out.keypoints.shape == (0, 33, 2) and out.keypoint_scores.shape == (0, 33)
    assert len(body_joints(SKELETON)) == 17
