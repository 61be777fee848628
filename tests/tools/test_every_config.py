"""Every training config can be tested, with what its training wrote; small, on an invented recording of Human3.6M."""

import json

import numpy as np
import pytest
import torch
from mmengine.config import Config

from pipeline.lift.refining import load_space_refiner
from pipeline.training.motion import PoseSequence
from pipeline.training.sources import SOURCES, cmu
from tests.conftest import REPOSITORY
from tests.lift.toy import NAMES
from tests.training.test_cmu_source import standing
from tests.training.test_lifted_window_batches import save_lifter
from tools import test as test_tool
from tools import train

CONFIGS = sorted(
    path.relative_to(REPOSITORY / 'configs').as_posix()
    for path in (REPOSITORY / 'configs').glob('*/*.py')
    if path.parent.name not in ('_base_', 'presets', 'detectors', 'estimators', 'skeletons')
)
HOOKS = {'runtime_info', 'timer', 'sampler_seed', 'logger', 'param_scheduler', 'checkpoint'}


def load(name):
    return Config.fromfile(str(REPOSITORY / 'configs' / name), import_custom_modules=False)


@pytest.mark.parametrize('name', CONFIGS)
def test_it_says_how_it_is_tested_and_has_all_hooks(name):
    config = load(name)
    data = config.test_dataloader.dataset
    assert config.test_evaluator.type and config.test_cfg is not None
    assert set(config.default_hooks) == HOOKS and all('type' in hook for hook in config.default_hooks.values())
    if config.model.type == 'SequenceRefiner':
        assert data.get('window') == config.model.backbone.window
        assert 'num_batches' in data or 1 <= data.step <= data.window
    if 'num_batches' in config.train_dataloader.dataset:
        assert config.train_dataloader.sampler.type == 'EveryBatch'


@pytest.fixture
def h36m(tmp_path):
    """A folder of two recordings, one to train on and one to test on."""
    rng, folder = np.random.default_rng(0), tmp_path / 'h36m'
    folder.mkdir()
    for subject in ('S1', 'S9'):
        walk = np.cumsum(rng.integers(-30, 30, (110, 1, 3)), axis=0)
        world = rng.integers(-5000, 5000, (1, 17, 3)) + walk
        pixels = rng.integers(0, 999, (1, 16, 2)) + walk[..., :2] // 10 + rng.integers(-3, 3, (110, 16, 2))
        arrays = {'Walking/gt3d': world, 'Walking/sh2d/1': pixels}
        small = {key: np.diff(value, axis=0, prepend=0).astype(np.int16) for key, value in arrays.items()}
        np.savez(folder / f'{subject}.npz', **small)
    camera = dict(R=np.eye(3).tolist(), centre_mm=[0, 0, -5000], f=[1000, 1000], c=[500, 500], k=[0, 0, 0], p=[0, 0])
    (folder / 'cameras.json').write_text(json.dumps({'S1/1': camera, 'S9/1': camera}))
    return folder


def run_test(name, checkpoint, tmp_path, *changes):
    out = tmp_path / 'metrics.json'
    arguments = [str(REPOSITORY / 'configs' / name), str(checkpoint), '--work-dir', str(tmp_path / 'work')]
    assert test_tool.main([*arguments, '--out', str(out), '--cfg-options', *changes]) == 0
    return json.loads(out.read_text())


@pytest.mark.parametrize(
    'name, small',
    [
        ('lifter/fcn_h36m-3d_hourglass.py', ['model.width=16']),
        ('lifter/temporal_h36m_hourglass.py', ['model.width=16', 'train_dataloader.dataset.window=16']),
        ('smoothnet/smoothnet_h36m-2d_hourglass.py', ['model.backbone.embed_dims=16', 'model.backbone.hidden_dims=8']),
    ],
)
def test_both_files_of_a_training_are_tested(name, small, h36m, tmp_path):
    lifter = name.startswith('lifter')
    source = '' if lifter else 'source.'
    data = [
        f'{loader}.dataset.{source}{key}={value}'
        for loader, subject in (('train_dataloader', 'S1'), ('test_dataloader', 'S9'))
        for key, value in (('folder', h36m), ('subjects', f'[{subject}]'))
    ]
    training = ['iterations=2', f'train_dataloader.dataset.{"cache=None" if lifter else "holdout=0"}']
    config, work = str(REPOSITORY / 'configs' / name), tmp_path / 'work'
    options = ['--work-dir', str(work), '--threads', '1', '--cfg-options', *small, *data[:2], *training]
    assert train.main([*[config], *options]) == 0
    tables = [run_test(name, work / file, tmp_path, *small, *data[2:]) for file in ('refiner.pth', 'epoch_1.pth')]
    assert tables[0] == pytest.approx(tables[1])
    assert all(np.isfinite(list(tables[0].values())))


@pytest.mark.parametrize('name', ['hanet/hanet_coco17-3d_lifted.py', 'hanet/guided_hanet_coco17-3d_lifted.py'])
def test_refiners_of_lifted_poses_learn_from_two_lifters(name, tmp_path, monkeypatch):
    motion = tmp_path / 'data' / 'cmu'
    motion.mkdir(parents=True)
    arrays = {f'{take}_01/{key}': value for take in 'ab' for key, value in (('joints', standing(200)), ('fps', 60.0))}
    np.savez(motion / 'mocap.npz', names=np.array(cmu.NAMES), **arrays)
    for part in (0, 1):
        (tmp_path / f'lifter_part{part}').mkdir()
        save_lifter(tmp_path / f'lifter_part{part}' / 'refiner.pth')[1]()
    monkeypatch.setenv('POSE_SHARED', str(tmp_path))
    monkeypatch.setenv('POSE_LIFTERS', str(tmp_path))
    small = ['model.backbone.embed_dims=8', 'model.backbone.num_levels=2']
    few = [
        f'{loader}.dataset.{key}'
        for loader in ('train_dataloader', 'test_dataloader')
        for key in ('batch_size=2', 'num_batches=2', 'cache=None')
    ]
    config, work = str(REPOSITORY / 'configs' / name), tmp_path / 'work'
    changes = ['iterations=2', 'train_cfg.max_epochs=1', *small, *few]
    assert train.main([config, '--work-dir', str(work), '--threads', '1', '--cfg-options', *changes]) == 0
    tables = [run_test(name, work / file, tmp_path, *small, *few) for file in ('refiner.pth', 'epoch_1.pth')]
    assert tables[0] == pytest.approx(tables[1])
    assert np.isfinite(list(tables[0].values())).all()
    assert load_space_refiner(work / 'refiner.pth', NAMES, 25.0).frames(25) == load(name).model.backbone.window


@pytest.mark.parametrize('name', ['hanet/hanet_universal_coco17.py', 'hanet/hanet_universal_posetrack15.py'])
def test_universal_refiners_are_tested_on_the_joints_that_have_a_truth(name, h36m, tmp_path):
    from pipeline.backends.registered import build_registered
    from pipeline.networks.refiners import sequence_refiner  # noqa: F401, registers

    config = load(name)
    config.model.backbone.update(embed_dims=8, num_levels=2)
    torch.save(build_registered(config.model.to_dict()).state_dict(), tmp_path / 'weights.pth')
    small = ['model.backbone.embed_dims=8', 'model.backbone.num_levels=2']
    data = [f'test_dataloader.dataset.source.folder={h36m}', 'test_dataloader.dataset.source.subjects=[S9]']
    table = run_test(name, tmp_path / 'weights.pth', tmp_path, *small, *data)
    assert np.isfinite(list(table.values())).all()


@pytest.mark.parametrize('name', ['hanet/hanet_posetrack17_t5.py'])
def test_the_posetrack_refiner_is_tested_on_tracks(name, tmp_path, monkeypatch):
    import pipeline.posetrack.tracks  # noqa: F401, registers its source
    from pipeline.backends.registered import build_registered
    from pipeline.networks.refiners import sequence_refiner  # noqa: F401, registers

    def load_tracks(annotations, predictions):
        assert annotations.endswith('annotations/val') and predictions == 'output/posetrack17_val/raw/poses'
        truth = np.random.default_rng(0).normal(size=(9, 15, 2)).astype(np.float32) * 50
        return (PoseSequence('a', truth, np.ones((9, 15), np.float32), 25.0, truth + 1),)

    monkeypatch.setitem(SOURCES, 'posetrack', load_tracks)
    config = load(name)
    config.model.backbone.update(embed_dims=8, num_levels=2)
    torch.save(build_registered(config.model.to_dict()).state_dict(), tmp_path / 'weights.pth')
    table = run_test(
        name, tmp_path / 'weights.pth', tmp_path, 'model.backbone.embed_dims=8', 'model.backbone.num_levels=2'
    )
    assert table['input/mpjpe'] == pytest.approx(2**0.5, rel=1e-4)
