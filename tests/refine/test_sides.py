"""Left and right: inversions of an estimator are undone, those that only a network makes are taken back."""

import numpy as np
import pytest
import torch

from pipeline.errors import InputError
from pipeline.refine import refiner_options
from pipeline.refine.network import NetworkSmoother
from pipeline.refine.sides import keep_sides, sided_limbs, undo_inversions
from pipeline.refine.window_options import WindowOptions
from pipeline.skeletons import load_skeleton

COCO = load_skeleton('coco')
LIMBS = sided_limbs(COCO.names)
FLIP = list(COCO.flip_indices)
LEGS = [COCO.index(f'{side}_{part}') for side in ('left', 'right') for part in ('hip', 'knee', 'ankle')]
SHANKS = [COCO.index(f'{side}_{part}') for side in ('left', 'right') for part in ('knee', 'ankle')]


def walk(frames=48, fps=30.0, steps=1.0):
    """Somebody 300 px tall who walks to the right, seen from the side: ``(1, T, 17, 2)`` px, ``(1, T)`` s."""
    times = np.arange(frames) / fps
    pose = np.zeros((1, frames, 17, 2))
    heights = dict(shoulder=60, elbow=120, wrist=170, hip=170, knee=230, ankle=300)
    for k, name in enumerate(COCO.names):
        side, _, part = name.partition('_')
        swing = np.sin(2 * np.pi * steps * times + (np.pi if side == 'right' else 0))
        reach = dict(knee=25, ankle=60, elbow=-10, wrist=-30).get(part, 2 if side == 'left' else 0)
        pose[0, :, k, 0] = 100 + 40 * times + reach * swing
        pose[0, :, k, 1] = heights.get(part, 20)
    return pose, times[None]


def inverted(pose, joints, first, end):
    wrong = pose.copy()
    wrong[:, first:end, joints] = pose[:, first:end][:, :, [FLIP[k] for k in joints]]
    return wrong


def ones(pose):
    return np.ones(pose.shape[:3], np.float32)


def test_limbs_are_found_by_name():
    assert [len(limb.joints) for limb in LIMBS] == [6, 4, 2] * 2
    for limb in LIMBS:
        assert [FLIP[k] for k in limb.joints] == limb.mirror
        assert (limb.points, limb.mirror_points) == (limb.joints, limb.mirror)
    assert sided_limbs(['nose', 'left_hip', 'right_hip', 'left_knee', 'right_knee']) == []


@pytest.mark.parametrize('joints', [LEGS, SHANKS], ids=['legs', 'shanks'])
@pytest.mark.parametrize('fps', [15.0, 30.0, 60.0])
def test_an_inversion_between_two_jumps_is_undone(joints, fps):
    pose, times = walk(int(1.6 * fps), fps)
    first, end = int(0.67 * fps), int(0.67 * fps) + int(0.2 * fps)  # legs pass at 0.5 and 1 s
    wrong = inverted(pose, joints, first, end)
    assert np.abs(wrong - pose).max() > 50
    tremble = np.random.default_rng(0).normal(0, 1, pose.shape)
    found, _ = undo_inversions(wrong + tremble, ones(pose), times, LIMBS)
    # hips are two pixels apart: inverted or not, nobody can tell
    assert np.abs(found - pose - tremble).max() < 5


@pytest.mark.parametrize('fps', [10.0, 15.0, 30.0, 120.0])
@pytest.mark.parametrize('steps', [1.0, 1.6, 2.3])  # walking, running, sprinting
def test_legs_that_pass_each_other_stay(fps, steps):
    pose, times = walk(int(1.6 * fps), fps, steps)
    assert undo_inversions(pose, ones(pose), times, LIMBS)[0] is pose


def test_who_is_wrong_for_long_may_be_right():
    pose, times = walk(48)
    wrong = inverted(pose, LEGS, 8, 38)
    assert undo_inversions(wrong, ones(wrong), times, LIMBS)[0] is wrong


def test_an_inversion_while_legs_pass_is_left_to_the_network():
    pose, times = walk(48)
    wrong = inverted(pose, LEGS, 15, 23)  # they pass at frame 15
    assert undo_inversions(wrong, ones(wrong), times, LIMBS)[0] is wrong
    # and it may do so
    assert keep_sides(pose, wrong, ones(pose), times, LIMBS) is pose


def test_one_jump_alone_says_nothing():
    pose, times = walk(48)
    wrong = inverted(pose, LEGS, 20, 48)
    assert undo_inversions(wrong, ones(wrong), times, LIMBS)[0] is wrong


def test_what_only_a_network_inverts_is_taken_back():
    pose, times = walk()
    answer = inverted(pose, LEGS, 19, 26)
    kept = keep_sides(answer, pose, ones(pose), times, LIMBS)
    assert np.abs(answer - pose).max() > 50
    assert np.abs(kept - pose).max() < 4  # smoothed, and faded in
    others = np.setdiff1d(np.arange(17), LEGS)
    assert np.array_equal(kept[:, :, others], answer[:, :, others])


def test_a_network_may_invert_what_the_estimate_inverted():
    pose, times = walk()
    wrong = inverted(pose, LEGS, 18, 24)  # the answer is the truth
    assert keep_sides(pose, wrong, ones(pose), times, LIMBS) is pose


def test_a_network_may_move_a_leg_that_is_somewhere_else_altogether():
    pose, times = walk()
    lost = pose.copy()
    lost[:, 18:24, LEGS] += [400, -300]
    assert keep_sides(pose, lost, ones(pose), times, LIMBS) is pose


@pytest.mark.parametrize('fps, steps', [(30, 1.0), (60, 0.5), (60, 1.0), (120, 1.0), (240, 1.0)])
@pytest.mark.parametrize('until', [1.0, 9.0], ids=['the next time', 'the end'])
def test_a_network_may_invert_legs_where_they_pass(fps, steps, until):
    """From when they pass each other on, an estimator has them wrong, and nothing jumps."""
    pose, times = walk(int(1.6 * fps / steps), fps, steps)
    first, end = round(0.5 / steps * fps), round(until / steps * fps)
    wrong = inverted(pose, LEGS, first, end)
    assert keep_sides(pose, wrong, ones(pose), times, LIMBS) is pose


def test_scores_go_with_their_joints():
    pose, times = walk()
    scores = ones(pose)
    scores[:, :, FLIP[LEGS[0]] : FLIP[LEGS[0]] + 1] = 0.3
    wrong, mixed = inverted(pose, LEGS, 20, 26), inverted(scores, LEGS, 20, 26)
    given = wrong.copy(), mixed.copy()
    found, told = undo_inversions(wrong, mixed, times, LIMBS)
    ankles = LEGS[2::3]
    assert np.array_equal(found[:, :, ankles], pose[:, :, ankles])
    assert np.array_equal(told[:, :, ankles], scores[:, :, ankles])
    assert np.array_equal(wrong, given[0]) and np.array_equal(mixed, given[1])


def test_two_inversions_are_told_from_what_lies_between():
    pose, times = walk(96, 60.0)
    wrong = inverted(inverted(pose, SHANKS, 36, 42), SHANKS, 46, 52)
    found, _ = undo_inversions(wrong, ones(pose), times, LIMBS)
    assert np.abs(found - pose).max() < 5
    # a window that begins in the middle of one: 36 to 42 is wrong, not what follows
    found, _ = undo_inversions(wrong[:, 39:], ones(pose)[:, 39:], times[:, 39:], LIMBS)
    assert np.abs(found - pose[:, 39:])[:, 3:].max() < 5


def test_where_nobody_can_tell_which_is_wrong_nothing_is_done():
    pose, times = walk(48)
    wrong = inverted(inverted(pose, LEGS, 0, 20), LEGS, 24, 28)
    assert undo_inversions(wrong, ones(pose), times, LIMBS)[0] is wrong


@pytest.mark.parametrize('frames', [1, 2, 3, 5, 7])
def test_short_windows(frames):
    whole, clock = walk()
    pose, times = whole[:, 20 : 20 + frames], clock[:, 20 : 20 + frames]
    answer = inverted(pose, LEGS, 0, frames - 1)
    kept = keep_sides(answer, pose, ones(pose), times, LIMBS)
    assert kept.shape == pose.shape and undo_inversions(pose, ones(pose), times, LIMBS)[0] is pose
    if frames > 1:  # an end is to be seen
        assert np.abs(kept - pose).max() < 4 < np.abs(answer - pose).max()


def test_joints_that_are_not_there_do_not_make_the_figure_larger():
    pose, times = walk()
    pose = pose + np.array([3000, 1800])
    scores = ones(pose)
    wrong = inverted(pose, LEGS, 20, 26)
    for array in (pose, wrong, scores):
        array[:, :, 0] = 0
    found, _ = undo_inversions(wrong, scores, times, LIMBS)
    assert np.abs(found - pose).max() < 5
    kept = keep_sides(wrong, pose, scores, times, LIMBS)
    assert np.abs(kept - pose).max() < 4 and kept.dtype == wrong.dtype


class Trusting:
    """A refiner of COCO's joints that answers with what it was given, or with its legs inverted."""

    backbone, window, dims, keypoint_names = None, 48, 2, COCO.names

    def __init__(self, inverts):
        self.inverts = inverts

    def refine(self, keypoints, scores, fps):
        poses = keypoints.numpy()
        return torch.as_tensor(inverted(poses, LEGS, 19, 26) if self.inverts else poses)


@pytest.mark.parametrize('network_inverts', [False, True])
@pytest.mark.parametrize('sides', [True, False])
def test_the_smoother_behind_a_network_does_both_unless_told_not_to(network_inverts, sides):
    pose, times = walk()
    given = pose if network_inverts else inverted(pose, LEGS, 19, 26)
    smoother = NetworkSmoother(Trusting(network_inverts), COCO.names, WindowOptions(1, polish=0, sides=sides))
    (answer,) = smoother.smooth_tracks([(given[0].astype(np.float32), ones(pose)[0], times[0])])
    assert (np.abs(answer - pose[0]).max() < 5) == sides


def test_sides_is_yes_or_no():
    with pytest.raises(InputError, match='sides is 1: must be True or False'):
        WindowOptions(sides=1)
    assert refiner_options('hanet:sides=false')['sides'] is False
