"""Every published task: its config, shrunk, on data in a layout in which users have it."""

import json

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.dataset import pseudo_collate

from pipeline.errors import InputError
from pipeline.networks.refiners.sequence_refiner import load_refiner, save_refiner
from pipeline.training.sequences.npz_layouts import find_files, write_safe
from pipeline.training.sequences.npz_pose_dataset import NpzPoseDataset
from tools import test as test_tool
from tools import train

SMALL = [
    'model.backbone.embed_dims=8',
    'model.backbone.num_levels=2',
    'train_dataloader.num_workers=0',
    'train_dataloader.persistent_workers=False',
    'train_cfg.max_epochs=1',
]
TASKS = {'hanet_jhmdb-2d_simplebaseline': 'jhmdb_synth', 'hanet_h36m-3d_fcn': 'h36m_synth'}
MESHES_AND_JOINTS = ('hanet_pw3d-3d_pare', 'hanet_aist-3d_spin', 'hanet_pw3d-smpl_pare', 'hanet_aist-smpl_spin')


@pytest.mark.parametrize('name', TASKS)
def test_train_and_test_on_published_files(name, fixtures, repository, tmp_path):
    folder = str(fixtures('hanet_metrics', TASKS[name]))
    config, work = str(repository / 'configs' / 'hanet' / f'{name}.py'), str(tmp_path / 'work')
    data = [
        f'{loader}.dataset.{key}={value}'
        for loader in ('train_dataloader', 'test_dataloader')
        for key, value in (('root', folder), ('allow_pickle', 'True'))
    ]
    assert train.main([config, '--work-dir', work, '--threads', '1', '--cfg-options', *SMALL, *data]) == 0
    weights, out = tmp_path / 'work' / 'refiner.pth', tmp_path / 'metrics.json'
    assert (
        test_tool.main(
            [config, str(weights), '--work-dir', work, '--out', str(out), '--cfg-options', *SMALL[:2], *data[2:]]
        )
        == 0
    )
    metrics = json.loads(out.read_text())
    assert all(np.isfinite(list(metrics.values())))
    assert {key.split('/')[0] for key in metrics} == {'input', 'output'}
    if name == 'hanet_h36m-3d_fcn':  # the fixture's own numbers, by the published code
        expected = json.loads(fixtures('hanet_metrics', 'metrics_results.json').read_text())
        found = [v for v in _numbers(expected) if v == pytest.approx(metrics['input/mpjpe'], rel=1e-4)]
        assert found, metrics['input/mpjpe']
    # weights of another configuration are refused, and nothing is written over
    assert test_tool.main([config, str(weights), '--work-dir', work, '--cfg-options', *data[2:]]) == 2
    assert load_refiner(weights).meta['epoch'] == 1


def _numbers(tree):
    if isinstance(tree, dict):
        for value in tree.values():
            yield from _numbers(value)
    elif isinstance(tree, (int, float)):
        yield tree


def invent(folder, dataset, estimator, smpl, joints, layout):
    """Two sequences of a data set that cannot be shipped, in DeciWatch's or SmoothNet's layout."""
    rng = np.random.default_rng(0)
    lengths = (130, 60)
    for split in ('train', 'test'):
        truth = (
            {'joints_3d': [rng.normal(size=(n, joints * 3)) for n in lengths]}
            if not smpl
            else {
                'pose': [0.5 * rng.normal(size=(n, 72)) for n in lengths],
                'shape': [rng.normal(size=(n, 10)) for n in lengths],
            }
        )
        estimates = {k: [v + 0.01 * rng.normal(size=v.shape) for v in entries] for k, entries in truth.items()}
        representation = 'smpl' if smpl else '3D'
        if layout == 'deciwatch':
            paths = (
                folder / 'groundtruth_poses' / dataset / f'{dataset}_gt_{split}.npz',
                folder / 'detected_poses' / dataset / estimator / f'{dataset}_{estimator}_{split}.npz',
            )
        else:
            name = f'{dataset}_{estimator}_{representation}'
            paths = (
                folder / name / 'groundtruth' / f'{dataset}_gt_{representation}_{split}.npz',
                folder / name / 'detected' / f'{name}_{split}.npz',
            )
        for path, arrays in zip(paths, (truth, estimates)):
            write_safe(path, arrays)


@pytest.mark.parametrize('name', MESHES_AND_JOINTS)
@pytest.mark.parametrize('layout', ['deciwatch', 'smoothnet'])
def test_data_model_loss_and_metric_fit(name, layout, repository, tmp_path):
    from mmpose.registry import DATASETS, METRICS

    import pipeline.evaluation  # noqa: F401, registers
    import pipeline.training  # noqa: F401, registers
    from pipeline.backends.registered import build_registered

    config = Config.fromfile(str(repository / 'configs' / 'hanet' / f'{name}.py'))
    dataset, estimator = config.poses.dataset, config.poses.estimator
    invent(tmp_path, dataset, estimator, 'smpl' in name, 17 if dataset == 'pw3d' else 14, layout)
    config.merge_from_dict(
        {
            'model.backbone.embed_dims': 8,
            'model.backbone.num_levels': 2,
            'train_dataloader.dataset.root': str(tmp_path),
            'test_dataloader.dataset.root': str(tmp_path),
        }
    )
    model = build_registered(config.model)
    training = DATASETS.build(config.train_dataloader.dataset)
    assert len(training) == 190
    batch = pseudo_collate([training[0], training[150]])
    import torch

    stacked = {part: {k: torch.stack(v) for k, v in batch[part].items()} for part in batch}
    losses = model(**stacked, mode='loss')
    sum(losses.values()).backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)

    metric = METRICS.build(config.test_evaluator)
    testing = DATASETS.build(config.test_dataloader.dataset)
    for i in range(len(testing)):
        metric.process(None, model(**testing[i], mode='predict'))
    table = metric.compute_metrics(metric.results)
    if 'smpl' in name:
        # 0.01 rad of noise on each of three axes
        assert table['input/rotation'] == pytest.approx(np.degrees(0.01 * np.sqrt(8 / np.pi)), rel=0.1)
    else:
        assert table['input/mpjpe'] == pytest.approx(10 * np.sqrt(8 / np.pi), rel=0.15)  # mm, less the root's share


def test_clear_errors(tmp_path, shared):
    with pytest.raises(InputError, match='groundtruth_poses/pw3d/pw3d_gt_test.npz'):
        find_files(tmp_path, 'pw3d', 'pare', '3D', 'test')
    with pytest.raises(InputError, match="representation '4D'"):
        NpzPoseDataset(str(tmp_path), 'pw3d', 'pare', 11, '4D')
    invent(tmp_path, 'pw3d', 'pare', False, 17, 'deciwatch')

    def build(**changes):
        return NpzPoseDataset(str(tmp_path), 'pw3d', 'pare', 11, '3D', **changes)

    with pytest.raises(InputError, match='17 joints; joint 20'):
        build(joints=[0, 20])
    with pytest.raises(InputError, match='has no pose, only joints_3d'):
        NpzPoseDataset(str(tmp_path), 'pw3d', 'pare', 11, 'smpl')
    estimates = tmp_path / 'detected_poses' / 'pw3d' / 'pare' / 'pw3d_pare_train.npz'
    bad = np.zeros((130, 51))
    bad[7, 3] = np.nan
    write_safe(estimates, {'joints_3d': [bad, np.zeros((60, 51))]}, force=True)
    with pytest.raises(InputError, match='sequence 0 .* first in frame 7'):
        build()
    write_safe(estimates, {'joints_3d': [np.zeros((130, 50)), np.zeros((60, 50))]}, force=True)
    with pytest.raises(InputError, match=r'\(130, 50\)'):
        build()
    write_safe(estimates, {'joints_3d': [np.zeros((130, 51))]}, force=True)
    with pytest.raises(InputError, match='1 sequences for 2'):
        build()
    estimates.unlink()
    with pytest.raises(InputError, match='pw3d_pare_train.npz: no such file'):
        build()


def test_sequences_shorter_than_the_window_are_padded_and_kept(tmp_path):
    invent(tmp_path, 'aist', 'spin', False, 14, 'smoothnet')
    data = NpzPoseDataset(str(tmp_path), 'aist', 'spin', 101, '3D', split='test')
    item = data[1]
    assert item['inputs']['keypoints'].shape == (1, 101, 14, 3)
    assert item['data_samples']['length'].tolist() == [60]
    assert (item['inputs']['keypoints'][0, 60:] == 0).all()


def test_a_refiner_says_what_it_takes(tmp_path):
    """Wrong shapes, joint sets and files end in one clear line."""
    import torch

    from pipeline.networks.refiners.sequence_refiner import SequenceRefiner

    cfg = dict(type='SequenceRefiner', backbone=dict(type='SmoothNet', num_keypoints=3, dims=2, window=8))
    refiner = SequenceRefiner(backbone=cfg['backbone'])
    with pytest.raises(InputError, match=r'takes \(B, 8, 3, 2\)'):
        refiner.refine(torch.zeros(1, 7, 3, 2))
    with pytest.raises(InputError, match='2 names for a network of 3 joints'):
        SequenceRefiner(backbone=cfg['backbone'], keypoint_names=['a', 'b'])
    unseen = torch.zeros(1, 8, 3, 2)
    unseen[0, 2:5, 1] = torch.nan
    assert refiner.refine(unseen).isfinite().all()  # NaN is a joint that was not seen
    save_refiner(tmp_path / 'a.pth', refiner, cfg)
    wider = dict(cfg, backbone=dict(cfg['backbone'], window=16))
    save_refiner(tmp_path / 'b.pth', refiner, wider)
    assert load_refiner(tmp_path / 'a.pth').window == 8
    with pytest.raises(InputError, match='do not fit the config'):
        load_refiner(tmp_path / 'b.pth')
