"""Further points behind a refiner: they move with their limb, and tremble less against it."""

from pathlib import Path

import numpy as np
import pytest

import pipeline
from pipeline.refine import build_refiner
from pipeline.refine.limbs import Limbs
from pipeline.refine.smoother import smooth_track
from pipeline.skeletons import load_skeleton

SKELETON = load_skeleton('blazepose33')
TOE, ANKLE = SKELETON.index('left_foot_index'), SKELETON.index('left_ankle')


def test_a_point_moves_as_far_as_its_joint():
    hangs_on = np.array([[1.0, 0.0], [1.0, 0.0]])
    poses = np.array([[[10 * t, 0], [10 * t + 3, 4]] for t in range(5)], float)[None]
    answer = np.concatenate([poses + [[5, 0], [0, 0]], np.full((1, 5, 2, 1), [[2.0], [np.nan]])], axis=-1)
    whole = Limbs([0], hangs_on).follow(answer, poses, np.ones((1, 5, 2)), np.arange(5)[None] / 30)
    np.testing.assert_allclose(whole[..., :2], poses + [5, 0], atol=1e-5)
    np.testing.assert_allclose(whole[..., 2], 2)  # as sure as its joint


def test_joints_that_a_refiner_does_not_know_stay_and_nothing_is_known_of_them(walk):
    """PoseTrack's refiner knows no eyes: they stay, and their lids with them."""
    poses, scores, times = walk
    checkpoint = str(Path(pipeline.__file__).parent / 'weights' / 'hanet_posetrack15.pth')
    smoother = build_refiner(dict(type='hanet', checkpoint=checkpoint, partial=True), SKELETON, device='cpu').smoother
    track = smoother.open()
    answers = [pose for row in zip(poses, scores, times) for pose in track.push(*row)]
    whole = np.stack(answers + track.close())
    eyes, wrist = [SKELETON.index(name) for name in ('left_eye', 'right_eye')], SKELETON.index('left_wrist')
    np.testing.assert_allclose(whole[:, eyes, :2], poses[:, eyes], atol=1e-3)
    assert np.isfinite(whole[..., :2]).all()
    assert np.isnan(whole[:, [*eyes, SKELETON.index('left_eye_inner')], 2]).all()
    assert np.isfinite(whole[:, [wrist, TOE], 2]).all()


def test_feet_and_hands_go_back_to_their_side_with_their_limb():
    """Legs with the feet, and arms with the fingers, are inverted for a fifth of a second: all are put back."""
    times = np.arange(60) / 30
    body = np.random.default_rng(1).uniform(100, 300, (33, 2))
    poses = (body + 3 * np.arange(60)[:, None, None] * [1, 0]).astype(np.float32)
    flip = list(SKELETON.flip_indices)
    below = ('hip', 'knee', 'ankle', 'heel', 'foot', 'shoulder', 'elbow', 'wrist', 'pinky', 'index', 'thumb')
    limbs = [k for k, name in enumerate(SKELETON.names) if any(part in name for part in below)]
    wrong = poses.copy()
    wrong[27:33, limbs] = poses[27:33][:, [flip[k] for k in limbs]]
    smoother = build_refiner('hanet:polish=0', SKELETON, device='cpu').smoother
    answer, right = (smooth_track(smoother, track, np.full((60, 33), 0.9), times) for track in (wrong, poses))
    assert np.abs(wrong - poses).max() > 50
    assert np.abs(answer - right).max() < 1e-3


@pytest.fixture(scope='module')
def walk():
    """60 frames of a figure that walks 4 px a frame and whose toe trembles by 2 px, at 30 fps."""
    generator = np.random.default_rng(0)
    body = generator.uniform(100, 300, (33, 2))
    body[TOE] = body[ANKLE] + [20, 10]
    poses = body + 4 * np.arange(60)[:, None, None] * [1, 0]
    poses[:, TOE] += generator.normal(0, 2, (60, 2))
    return poses.astype(np.float32), np.full((60, 33), 0.9, np.float32), np.arange(60) / 30


def test_the_default_refiner_takes_33_points_and_smooths_the_feet(walk):
    poses, scores, times = walk
    smoother = build_refiner('hanet', SKELETON, device='cpu').smoother
    smooth = smooth_track(smoother, poses, scores, times)

    def trembling(track):
        return np.linalg.norm(np.diff(track[:, TOE] - track[:, ANKLE], n=2, axis=0), axis=1).mean()

    assert smooth.shape == poses.shape
    assert trembling(smooth) < 0.3 * trembling(poses)


def test_the_bodys_17_are_what_the_refiner_makes_of_them_alone(walk):
    poses, scores, times = walk
    from pipeline.layouts import body_joints

    rows = body_joints(SKELETON)
    whole = smooth_track(build_refiner('hanet', SKELETON, device='cpu').smoother, poses, scores, times)
    alone = build_refiner('hanet', load_skeleton('coco'), device='cpu').smoother
    assert (whole[:, rows] == smooth_track(alone, poses[:, rows], scores[:, rows], times)).all()
