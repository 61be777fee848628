"""Configs of experiment 2 on tiny pairs: they train, test, and agree with each other on the joints."""

import json
import re

import numpy as np
import pytest
from mmengine.config import Config

from pipeline.training.motion import PoseSequence
from pipeline.training.sources import h36m
from pipeline.training.sources.pairs import save_pairs
from tools import test as test_tool
from tools import train

CONFIGS = (
    'hanet/hanet_h36m-3d_fcn_t101',
    'hanet/hanet_h36m-3d_fcn_t51',
    'hanet/guided_hanet_h36m-3d_fcn',
    'smoothnet/smoothnet_h36m-3d_fcn',
)


@pytest.mark.parametrize('name', CONFIGS)
def test_one_schedule_and_one_joint_set(name, repository):
    config = Config.fromfile(str(repository / 'configs' / f'{name}.py'))
    backbone, data = config.model.backbone, config.train_dataloader.dataset
    assert tuple(config.model.keypoint_names) == h36m.H36M_NAMES and tuple(data.flip) == h36m.H36M_FLIP
    assert (backbone.num_keypoints, backbone.dims) == (17, 3)
    assert backbone.window == data.window == config.test_dataloader.dataset.window
    assert config.train_cfg.max_epochs * data.num_batches == config.iterations == config.param_scheduler[1].end
    match = re.search(r'_t(\d+)$', name)
    assert not match or backbone.window == int(match.group(1))


@pytest.mark.parametrize(
    'name', ['hanet_h36m-2d_hourglass', 'hanet_h36m-2d_hourglass_branch', 'hanet_paper_h36m-2d_hourglass']
)
def test_the_same_in_two_dimensions(name, repository):
    config = Config.fromfile(str(repository / 'configs' / 'hanet' / f'{name}.py'))
    data = config.train_dataloader.dataset
    assert tuple(config.model.keypoint_names) == h36m.MPII_NAMES and tuple(data.flip) == h36m.MPII_FLIP
    assert config.model.backbone.window == data.window
    assert config.train_cfg.max_epochs * data.num_batches == config.iterations == config.param_scheduler[1].end
    weighed = [loss.joint_weights for loss in config.model.loss if loss.type == 'DistanceLoss']
    assert all([k for k, weight in enumerate(weights) if weight == 1] == list(h36m.MPII_LIMBS) for weights in weighed)


@pytest.mark.parametrize('base, root', [('h36m_2d_hourglass', 'pelvis'), ('h36m_3d_fcn', 'pelvis')])
def test_bones_are_a_tree_with_two_like_sides(base, root, repository):
    config = Config.fromfile(str(repository / 'configs' / '_base_' / f'{base}.py'))
    names, parents, flip = config.keypoint_names, config.parents, config.flip
    assert [names[k] for k, parent in enumerate(parents) if k == parent] == [root]
    for k in range(len(names)):
        assert parents[flip[k]] == flip[parents[k]]
        path = [k]
        while parents[path[-1]] != path[-1]:
            path.append(parents[path[-1]])
            assert len(path) <= len(names)
        part = names[k].split('_', 1)[-1]
        if part in ('ankle', 'foot', 'wrist'):
            chain = ('knee', 'hip') if part != 'wrist' else ('elbow', 'shoulder')
            assert tuple(names[j].split('_', 1)[-1] for j in path[1:3]) == chain


def test_train_and_test(repository, tmp_path):
    rng = np.random.default_rng(0)
    sequences = []
    for i in range(2):
        truth = np.cumsum(rng.normal(size=(60, 17, 3)), axis=0) * 5
        truth = (truth - truth[:, :1]).astype(np.float32)
        sequences.append(
            PoseSequence(
                f's{i}',
                truth,
                np.ones((60, 17), np.float32),
                50.0,
                truth + rng.normal(size=truth.shape).astype(np.float32) * 10,
            )
        )
    save_pairs(tmp_path / 'pairs.npz', sequences)
    config, work = str(repository / 'configs' / 'hanet' / 'hanet_h36m-3d_fcn_t51.py'), str(tmp_path / 'work')
    small = [
        'model.backbone.embed_dims=8',
        'model.backbone.num_levels=2',
        'train_cfg.max_epochs=1',
        'train_dataloader.dataset.num_batches=3',
        'train_dataloader.dataset.batch_size=2',
        f'train_dataloader.dataset.source.path={tmp_path / "pairs.npz"}',
        f'test_dataloader.dataset.source.path={tmp_path / "pairs.npz"}',
    ]
    assert train.main([config, '--work-dir', work, '--threads', '1', '--cfg-options', *small]) == 0
    out = tmp_path / 'metrics.json'
    assert (
        test_tool.main(
            [
                config,
                str(tmp_path / 'work' / 'refiner.pth'),
                '--work-dir',
                work,
                '--out',
                str(out),
                '--cfg-options',
                *small[:2],
                small[-1],
            ]
        )
        == 0
    )
    metrics = json.loads(out.read_text())
    assert 10 < metrics['input/mpjpe'] < 30 and np.isfinite(metrics['output/pa-mpjpe'])
    assert metrics['output/accel'] < metrics['input/accel']  # interpolation between sampled frames is smooth


def test_a_missing_pair_file_is_named(repository, tmp_path, capsys):
    config = str(repository / 'configs' / 'smoothnet' / 'smoothnet_h36m-3d_fcn.py')
    assert (
        train.main(
            [config, '--work-dir', str(tmp_path), '--cfg-options', 'train_dataloader.dataset.source.path=none.npz']
        )
        == 2
    )
    assert 'none.npz: no such pair file' in capsys.readouterr().err
