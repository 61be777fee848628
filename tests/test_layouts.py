"""Layouts of keypoints by hand-computed points."""

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.layouts import LAYOUTS, Arrangement, body_joints, carriers, tracked_skeleton
from pipeline.skeletons import load_skeleton
from pipeline.types import People

BLAZEPOSE = load_skeleton('blazepose33')


def people(skeleton=BLAZEPOSE, score: float = 0.8) -> People:
    """One person; point k at (10 k, k)."""
    count = skeleton.num_keypoints
    points = np.stack([10 * np.arange(count), np.arange(count)], axis=1).astype(np.float32)[None]
    box = np.array([[0, 0, 400, 40]], np.float32)
    return People(box, np.ones(1, np.float32), points, np.full((1, count), score, np.float32))


@pytest.mark.parametrize('name', ['body25', 'blazepose33'])
def test_own_skeletons_are_consistent(name):
    skeleton = load_skeleton(name)
    assert skeleton.num_keypoints == int(name[-2:]) == len(skeleton.sigmas)
    assert [skeleton.flip_indices[k] for k in skeleton.flip_indices] == list(range(skeleton.num_keypoints))
    for k, flipped in enumerate(skeleton.flip_indices):
        mirror = {'left': 'right', 'right': 'left', '': ''}[skeleton.sides[k]]
        assert skeleton.sides[flipped] == mirror
    body = load_skeleton('coco')
    for name, sigma in zip(body.names, body.sigmas):
        assert skeleton.sigmas[skeleton.index(name)] == sigma


def test_order_of_body_25_is_openposes():
    names = load_skeleton('body25').names
    assert (
        names[8] == 'mid_hip' and names[1] == 'neck' and names[19:22] == ('left_big_toe', 'left_small_toe', 'left_heel')
    )
    assert names[2] == 'right_shoulder' and names[14] == 'left_ankle' and names[22] == 'right_big_toe'


def test_points_hang_on_the_body():
    weights = carriers(BLAZEPOSE)
    body = load_skeleton('coco')
    for name, joint in (('left_heel', 'left_ankle'), ('right_pinky', 'right_wrist'), ('left_eye_outer', 'left_eye')):
        assert weights[BLAZEPOSE.index(name), body.index(joint)] == 1
    halpe = carriers(load_skeleton('halpe26'))
    hip = halpe[load_skeleton('halpe26').index('hip')]
    assert hip[body.index('left_hip')] == hip[body.index('right_hip')] == 0.5
    assert (weights[body_joints(BLAZEPOSE)] == np.eye(17)).all()


def test_skeletons_without_further_points_stay_as_they_are():
    for name in ('coco', 'posetrack18', 'h36m'):
        assert carriers(load_skeleton(name)) is None
        assert tracked_skeleton(load_skeleton(name)) is load_skeleton(name)
    assert tracked_skeleton(BLAZEPOSE) is load_skeleton('coco')


@pytest.mark.parametrize('layout', LAYOUTS)
def test_points_of_one_name_are_taken_over(layout):
    arrangement, given = Arrangement(BLAZEPOSE, layout), people()
    out = arrangement.apply(given)
    assert out.keypoints.shape == (1, arrangement.skeleton.num_keypoints, 2)
    for k, name in enumerate(arrangement.skeleton.names):
        if name in BLAZEPOSE.names:
            assert (out.keypoints[0, k] == given.keypoints[0, BLAZEPOSE.index(name)]).all()
            assert out.keypoint_scores[0, k] == np.float32(0.8)


def test_neck_hip_and_head_are_computed_and_as_sure_as_their_least_sure_source():
    given, joint = people(), BLAZEPOSE.index
    given.keypoint_scores[0, joint('left_shoulder')] = 0.3
    arrangement = Arrangement(BLAZEPOSE, 'halpe26')
    out = arrangement.apply(given)
    # points 11 and 12 are the shoulders, 23 and 24 the hips, 7 and 8 the ears
    at = {name: out.keypoints[0, arrangement.skeleton.index(name)] for name in ('neck', 'hip', 'head')}
    for name, place in (('neck', [115, 11.5]), ('hip', [235, 23.5]), ('head', [51, 5.1])):
        assert at[name] == pytest.approx(place, abs=1e-3)
    assert out.keypoint_scores[0, arrangement.skeleton.index('neck')] == np.float32(0.3)
    assert out.keypoint_scores[0, arrangement.skeleton.index('hip')] == np.float32(0.8)


def test_small_toes_are_not_seen():
    arrangement = Arrangement(BLAZEPOSE, 'body25')
    out, joint = arrangement.apply(people()), arrangement.skeleton.index
    assert out.keypoint_scores[0, joint('left_small_toe')] == 0
    assert (out.keypoints[0, joint('left_small_toe')] == out.keypoints[0, joint('left_big_toe')]).all()
    assert (out.keypoints[0, joint('left_big_toe')] == [310, 31]).all()  # MediaPipe's left_foot_index, number 31


def test_an_unknown_point_spoils_no_other():
    given = people()
    given.keypoints[0, BLAZEPOSE.index('left_thumb')] = np.nan
    assert np.isfinite(Arrangement(BLAZEPOSE, 'body25').apply(given).keypoints).all()


def test_a_layout_that_cannot_be_had_is_refused_in_one_line():
    with pytest.raises(InputError, match='17 points of .coco.*left_big_toe.*embedded-fast') as error:
        Arrangement(load_skeleton('coco'), 'halpe26')
    assert '\n' not in str(error.value)
    with pytest.raises(InputError, match="'face': allowed are coco17, body25"):
        Arrangement(BLAZEPOSE, 'face')
