"""A trained network in the chain: which joints it refines, and which weights serve a skeleton."""

import numpy as np
import pytest

from pipeline.backends.registered import build_registered
from pipeline.errors import InputError
from pipeline.networks.refiners.sequence_refiner import save_refiner
from pipeline.presets import load_preset
from pipeline.refine import build
from pipeline.refine.network import network_smoother
from pipeline.refine.smoother import smooth_track
from pipeline.skeletons import load_skeleton
from pipeline.training.joint_sets import JOINT_SETS

POSETRACK = load_skeleton('posetrack18')


@pytest.fixture
def checkpoint(tmp_path):
    """A small network over PoseTrack's 15 joints that moves every joint."""
    import torch

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
    assert build.build_refiner(load_preset(preset)['refiner'], POSETRACK).smoother.window == 32
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
