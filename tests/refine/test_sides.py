"""Left and right: what an estimator exchanges is put back, what only a network exchanges is taken back."""

import numpy as np
import pytest

from pipeline.refine.sides import keep_sides, limb_pairs, undo_exchanges
from pipeline.skeletons import load_skeleton

COCO = load_skeleton('coco')
PAIRS = limb_pairs(COCO.names)
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


def exchanged(pose, joints, first, end):
    wrong = pose.copy()
    wrong[:, first:end, joints] = pose[:, first:end][:, :, [FLIP[k] for k in joints]]
    return wrong


def test_limbs_are_found_by_name():
    assert [(len(limb), len(mirror)) for limb, mirror in PAIRS] == [(6, 6), (4, 4), (2, 2)] * 2
    for limb, mirror in PAIRS:
        assert [FLIP[k] for k in limb] == mirror
    assert limb_pairs(['nose', 'left_hip', 'right_hip', 'left_knee', 'right_knee']) == []


@pytest.mark.parametrize('joints', [LEGS, SHANKS], ids=['legs', 'shanks'])
@pytest.mark.parametrize('fps', [15.0, 30.0, 60.0])
def test_an_exchange_between_two_jumps_is_undone(joints, fps):
    pose, times = walk(int(1.6 * fps), fps)
    first, end = int(0.67 * fps), int(0.67 * fps) + int(0.2 * fps)  # legs pass at 0.5 and 1 s
    wrong = exchanged(pose, joints, first, end)
    assert np.abs(wrong - pose).max() > 50
    tremble = np.random.default_rng(0).normal(0, 1, pose.shape)
    found = undo_exchanges(wrong + tremble, times, PAIRS)
    # hips are two pixels apart: exchanged or not, nobody can tell
    assert np.abs(found - pose - tremble).max() < 5


@pytest.mark.parametrize('fps', [10.0, 15.0, 30.0, 120.0])
@pytest.mark.parametrize('steps', [1.0, 1.6, 2.3])  # walking, running, sprinting
def test_legs_that_pass_each_other_stay(fps, steps):
    pose, times = walk(int(1.6 * fps), fps, steps)
    assert undo_exchanges(pose, times, PAIRS) is pose


def test_who_is_wrong_for_long_may_be_right():
    pose, times = walk(48)
    wrong = exchanged(pose, LEGS, 8, 38)
    assert undo_exchanges(wrong, times, PAIRS) is wrong


def test_an_exchange_while_legs_pass_is_left_to_the_network():
    pose, times = walk(48)
    wrong = exchanged(pose, LEGS, 15, 23)  # they pass at frame 15
    assert undo_exchanges(wrong, times, PAIRS) is wrong
    # and it may do so
    assert keep_sides(pose, wrong, np.ones(pose.shape[:3]), times, PAIRS) is pose


def test_one_jump_alone_says_nothing():
    pose, times = walk(48)
    wrong = exchanged(pose, LEGS, 20, 48)
    assert undo_exchanges(wrong, times, PAIRS) is wrong


def test_what_only_a_network_exchanges_is_taken_back():
    pose, times = walk()
    scores = np.ones(pose.shape[:3])
    answer = exchanged(pose, LEGS, 19, 26)
    kept = keep_sides(answer, pose, scores, times, PAIRS)
    assert np.abs(answer - pose).max() > 50
    assert np.abs(kept - pose).max() < 4  # smoothed, and faded in
    others = np.setdiff1d(np.arange(17), LEGS)
    assert np.array_equal(kept[:, :, others], answer[:, :, others])


def test_a_network_may_exchange_what_the_estimate_exchanged():
    pose, times = walk()
    scores = np.ones(pose.shape[:3])
    wrong = exchanged(pose, LEGS, 18, 24)  # the answer is the truth
    assert keep_sides(pose, wrong, scores, times, PAIRS) is pose


def test_a_network_may_move_a_leg_that_is_somewhere_else_altogether():
    pose, times = walk()
    scores = np.ones(pose.shape[:3])
    lost = pose.copy()
    lost[:, 18:24, LEGS] += [400, -300]
    assert keep_sides(pose, lost, scores, times, PAIRS) is pose
