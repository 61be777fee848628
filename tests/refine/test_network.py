"""A trained network in the chain: which joints it refines, and which weights serve a skeleton."""

import numpy as np
import pytest
import torch

from pipeline.backends.registered import build_registered
from pipeline.errors import InputError
from pipeline.networks.refiners.sequence_refiner import save_refiner
from pipeline.presets import load_preset
from pipeline.refine import build
from pipeline.refine.network import NetworkSmoother, network_smoother
from pipeline.refine.smoother import smooth_track
from pipeline.refine.window_options import WindowOptions
from pipeline.skeletons import load_skeleton
from pipeline.training.joint_sets import JOINT_SETS

POSETRACK = load_skeleton('posetrack18')


@pytest.fixture
def checkpoint(tmp_path):
    """A small network over PoseTrack's 15 joints that moves every joint."""
    torch.manual_seed(0)
    config = dict(
        keypoint_names=JOINT_SETS['posetrack15'].names,
        backbone=dict(type='HANet', num_keypoints=15, dims=2, window=8, embed_dims=8, num_levels=1, zero_init=False),
    )
    import pipeline.networks.refiners.sequence_refiner  # noqa: F401, registers it

    model = build_registered(dict(type='SequenceRefiner', **config))
    save_refiner(tmp_path / 'hanet_posetrack15.pth', model, config)
    return tmp_path / 'hanet_posetrack15.pth'


def track(names):
    rng = np.random.default_rng(0)
    return (
        rng.uniform(0, 200, (20, len(names), 2)).astype(np.float32),
        np.full((20, len(names)), 0.9, np.float32),
        np.arange(20) / 25,
    )


def test_joints_that_it_does_not_know_stay(checkpoint):
    names = POSETRACK.names
    poses, scores, times = track(names)
    refined = smooth_track(network_smoother(checkpoint, names), poses, scores, times)
    ears = [k for k, name in enumerate(names) if name.endswith('_ear')]
    np.testing.assert_array_equal(refined[:, ears], poses[:, ears])
    assert (np.abs(np.delete(refined - poses, ears, axis=1)).max(axis=(0, 2)) > 0.1).all()
    # the same whatever the order of the estimator's joints
    order = np.random.default_rng(1).permutation(len(names))
    other = smooth_track(network_smoother(checkpoint, [names[k] for k in order]), poses[:, order], scores, times)
    np.testing.assert_allclose(other, refined[:, order], atol=1e-4)


def test_joints_that_the_poses_lack_are_an_error(checkpoint):
    with pytest.raises(InputError, match='refines the joints nose, head_bottom.*the estimator gives nose, left_eye'):
        network_smoother(checkpoint, load_skeleton('coco').names)


@pytest.mark.parametrize('preset', ['dcpose', 'dsta'])
def test_posetracks_presets_find_their_weights(preset):
    assert build.build_refiner(load_preset(preset)['refiner'], POSETRACK).smoother.window == 48
    with pytest.raises(InputError, match='hanet_mpii16.pth: no such weights'):
        build.build_refiner('hanet', load_skeleton('mpii'))


def test_shipped_weights_undo_an_inversion():
    """Someone who walks; legs exchanged for 0.1 s, on the joints of DCPose and DSTA."""
    time = np.arange(60) / 25
    swing = 60 * np.sin(2 * np.pi * 0.9 * time)
    place = {
        'nose': (5, -140),
        'head_bottom': (0, -115),
        'head_top': (0, -165),
        'left_ear': (-3, -140),
        'right_ear': (-4, -140),
        'shoulder': (0, -105),
        'elbow': (0, -60),
        'wrist': (5, -20),
        'hip': (0, 0),
        'knee': (5, 70),
        'ankle': (0, 140),
    }
    truth = np.zeros((60, 17, 2), np.float32)
    for k, name in enumerate(POSETRACK.names):
        side, _, part = name.partition('_')
        sign = {'left': 1, 'right': -1}.get(side, 0) if part in place else 0
        x, y = place[part if sign else name]
        share = {'wrist': -0.6, 'elbow': -0.3, 'knee': 0.5, 'ankle': 1.0}.get(part, 0)
        truth[:, k] = np.stack([300 + 100 * time + x + sign * share * swing, np.full(60, 300.0 + y)], axis=-1)
    legs = [POSETRACK.index(f'{side}_{part}') for side in ('left', 'right') for part in ('hip', 'knee', 'ankle')]
    estimate = truth.copy()
    struck = slice(35, 38)  # legs are far apart
    estimate[struck, legs] = truth[struck, legs[3:] + legs[:3]]
    smoother = build.build_refiner('hanet', POSETRACK).smoother
    refined = smooth_track(smoother, estimate, np.full(truth.shape[:2], 0.9, np.float32), time)
    before, after = (np.linalg.norm(poses - truth, axis=-1)[struck, legs].mean() for poses in (estimate, refined))
    assert before > 30 and after < 0.4 * before


class Shift:
    """A refiner of three joints that moves every joint that was seen 1 px to the right."""

    backbone = None
    window, keypoint_names, dims = 4, ('nose', 'left_wrist', 'right_wrist'), 2

    def refine(self, keypoints, scores, fps):
        moved = keypoints.clone()
        moved[..., 0] += (scores > 0).float() * torch.tensor([1.0, 10.0, 100.0])
        return moved


def ones(joints):
    generator = np.random.default_rng(0)
    return generator.normal(size=(9, joints, 2)).astype(np.float32), np.ones((9, joints), np.float32), np.arange(9) / 25


def test_mirrored_windows_are_averaged_in_by_hand():
    """The mirror image moves the other way, and left is right there: 1 - 1, 10 - 100, 100 - 10, by two."""
    poses, scores, times = ones(3)
    smoother = NetworkSmoother(Shift(), Shift.keypoint_names, WindowOptions(mirror=True, polish=0))
    moved = smooth_track(smoother, poses, scores, times) - poses
    np.testing.assert_allclose(moved[..., 0], np.tile([0, -45, 45], (9, 1)), atol=1e-4)
    np.testing.assert_allclose(moved[..., 1], 0, atol=1e-6)


def test_mirror_images_lie_in_the_picture():
    """A refiner that moves what is left of the middle by a pixel: each joint is there in one of both images."""

    class Left(Shift):
        def refine(self, keypoints, scores, fps, size):
            assert (keypoints[..., 0] >= 0).all() and (keypoints[..., 0] <= size[:, 0, None, None] - 1).all()
            moved = keypoints.clone()
            moved[..., 1] += (keypoints[..., 0] < 50).float()
            return moved

    poses = np.repeat([[[20.0, 5], [30, 5], [90, 5]]], 9, axis=0).astype(np.float32)
    smoother = NetworkSmoother(Left(), Shift.keypoint_names, WindowOptions(mirror=True, polish=0)).in_picture(100, 50)
    moved = smooth_track(smoother, poses, np.ones((9, 3)), np.arange(9) / 25) - poses
    np.testing.assert_allclose(moved, np.repeat([[[0, 0.5], [0, 0.5], [0, 0.5]]], 9, axis=0), atol=1e-4)


def test_joints_that_the_poses_lack_may_count_as_not_seen():
    poses, scores, times = ones(2)
    smoother = NetworkSmoother(Shift(), ('right_wrist', 'pelvis'), WindowOptions(partial=True, polish=0))
    moved = smooth_track(smoother, poses, scores, times) - poses
    np.testing.assert_allclose(moved[..., 0], np.tile([100, 0], (9, 1)), atol=1e-4)
    with pytest.raises(InputError, match='refines the joints nose, left_wrist, right_wrist; .* pelvis'):
        NetworkSmoother(Shift(), ('pelvis',), WindowOptions(partial=True, polish=0))


@pytest.mark.parametrize('options, step', [({}, 2), (dict(overlap=4), 1), (dict(overlap=1), 4), (dict(step=3), 3)])
def test_overlap_and_step_say_how_many_windows_answer(options, step):
    assert NetworkSmoother(Shift(), Shift.keypoint_names, WindowOptions(**options)).step == step


@pytest.mark.parametrize('options', [dict(overlap=0), dict(overlap=5), dict(overlap=2.5), dict(step=0), dict(step=5)])
def test_an_overlap_out_of_range_is_refused(options):
    name = next(iter(options))
    with pytest.raises(InputError, match=f'{name} is .*: windows of 4 frames allow 1 to 4'):
        NetworkSmoother(Shift(), Shift.keypoint_names, WindowOptions(**options))


def test_a_joint_without_its_mirror_joint_cannot_be_mirrored():
    one_sided = Shift()
    one_sided.keypoint_names = ('nose', 'left_wrist')
    with pytest.raises(InputError, match='joint left_wrist has no mirror joint'):
        NetworkSmoother(one_sided, one_sided.keypoint_names, WindowOptions(mirror=True))


def test_a_gap_longer_than_a_window_stays_bridged():
    """At 240 frames a second 0.3 s are 72 frames of which nothing was seen."""
    rng = np.random.default_rng(0)
    times = np.arange(240) / 240
    truth = (rng.uniform(0, 300, (1, 17, 2)) + 40 * times[:, None, None]).astype(np.float32)
    scores = np.full((240, 17), 0.9, np.float32)
    scores[80:160] = 0
    smoother = build.build_refiner('hanet', load_skeleton('coco')).smoother
    assert 80 > smoother.window
    refined = smooth_track(smoother, truth, scores, times)
    assert np.abs(refined - truth).max() < 9  # px, of a figure of 300
