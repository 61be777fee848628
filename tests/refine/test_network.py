"""A trained network in the chain: which joints it refines, and which weights serve a skeleton."""
import numpy as np
import pytest

from pipeline.datasets.joint_sets import JOINT_SETS
from pipeline.errors import InputError
from pipeline.models.checkpoint import save_refiner
from pipeline.models.registered import build_registered
from pipeline.refine import build
from pipeline.refine.network import network_smoother
from pipeline.refine.smoother import smooth_track
from pipeline.skeletons import load_skeleton

POSETRACK = load_skeleton('posetrack18')


@pytest.fixture
def checkpoint(tmp_path):
    """A small network over PoseTrack's 15 joints that moves every joint."""
    import torch
    torch.manual_seed(0)
    config = dict(keypoint_names=JOINT_SETS['posetrack15'].names, backbone=dict(
        type='HANet', num_keypoints=15, dims=2, window=8, embed_dims=8, num_levels=1, zero_init=False))
    import pipeline.models.sequence_refiner  # noqa: F401, registers it
    model = build_registered(dict(type='SequenceRefiner', **config))
    save_refiner(tmp_path / 'hanet_posetrack15.pth', model, config)
    return tmp_path / 'hanet_posetrack15.pth'


def track(names):
    rng = np.random.default_rng(0)
    return (rng.uniform(0, 200, (20, len(names), 2)).astype(np.float32), np.full((20, len(names)), 0.9, np.float32),
            np.arange(20) / 25)


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


def test_posetracks_estimators_find_their_weights(checkpoint, monkeypatch):
    monkeypatch.setattr(build, 'WEIGHTS', checkpoint.parent)
    assert build.build_refiner('hanet', POSETRACK).smoother.window == 8
    with pytest.raises(InputError, match='hanet_coco17.pth: no such weights'):
        build.build_refiner('hanet', load_skeleton('coco'))
