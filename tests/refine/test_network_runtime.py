"""Refiners' networks in OpenVINO smooth a track as torch does."""

import numpy as np
import pytest
import torch

from pipeline.networks.refiners.sequence_refiner import save_refiner
from pipeline.refine.build import WEIGHTS
from pipeline.refine.network import network_smoother
from pipeline.refine.smoother import smooth_track

COCO = (
    'nose',
    'left_eye',
    'right_eye',
    'left_ear',
    'right_ear',
    'left_shoulder',
    'right_shoulder',
    'left_elbow',
    'right_elbow',
    'left_wrist',
    'right_wrist',
    'left_hip',
    'right_hip',
    'left_knee',
    'right_knee',
    'left_ankle',
    'right_ankle',
)
NETWORKS = {
    'hanet': dict(
        type='HANet', num_keypoints=17, dims=2, window=11, interval=5, embed_dims=8, num_levels=2, num_heads=2
    ),
    'hanet, masked': dict(
        type='HANet',
        num_keypoints=17,
        dims=2,
        window=11,
        interval=5,
        embed_dims=8,
        num_levels=2,
        num_heads=2,
        cross_mask='masked',
        score_input=True,
        rate_input=True,
    ),
    'guided, with widths': dict(
        type='GuidedHANet',
        num_keypoints=17,
        window=16,
        fold=4,
        embed_dims=8,
        num_levels=2,
        score_input=True,
        rate_input=True,
        width=True,
    ),
    'smoothnet': dict(type='SmoothNet', num_keypoints=17, dims=2, window=16),
    'deciwatch': dict(type='DeciWatch', num_keypoints=17, dims=2, window=11, interval=5),
}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv('POSE_CACHE', str(tmp_path))


def track(frames=50):
    generator = np.random.default_rng(0)
    start = generator.uniform(100, 900, (1, 17, 2))
    keypoints = start + generator.normal(size=(frames, 17, 2)).cumsum(0) * 3
    scores = np.where(generator.random((frames, 17)) < 0.1, 0, 0.9)
    return keypoints.astype(np.float32), scores.astype(np.float32), np.arange(frames) / 30


def assert_same(path):
    expected, found = (
        smooth_track(network_smoother(path, COCO, runtime=runtime), *track()) for runtime in ('torch', 'openvino')
    )
    assert np.abs(expected - track()[0]).max() > 0.1  # it does something
    # networks of random weights answer thousands of px, where float32 itself is coarser
    np.testing.assert_allclose(found, expected, atol=max(1e-3, 2e-6 * np.abs(expected).max()))


def test_default_weights():
    assert_same(WEIGHTS / 'hanet_coco17.pth')


@pytest.mark.parametrize('name', NETWORKS)
def test_networks_of_random_weights(name, tmp_path):
    from pipeline.networks.refiners.sequence_refiner import SequenceRefiner

    torch.manual_seed(0)
    config = dict(type='SequenceRefiner', backbone=NETWORKS[name], keypoint_names=list(COCO))
    model = SequenceRefiner(**{key: value for key, value in config.items() if key != 'type'})
    save_refiner(tmp_path / 'refiner.pth', model, config)
    assert_same(tmp_path / 'refiner.pth')
