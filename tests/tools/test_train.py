import json

import numpy as np
import pytest
from mmengine.config import Config

from pipeline.networks.refiners.sequence_refiner import load_refiner
from pipeline.training.motion import PoseSequence
from pipeline.training.sources.pairs import save_pairs
from tools import test as test_tool
from tools import train


@pytest.fixture
def config(tmp_path):
    """A tiny training on invented pairs, tested on invented sequences in the published layout, made safe."""
    rng = np.random.default_rng(0)
    sequences = []
    for i in range(3):
        truth = np.cumsum(rng.normal(size=(20, 3, 2)), 0).astype(np.float32) + [[0, 0], [50, 0], [0, 80]]
        estimate = truth + rng.normal(size=truth.shape)
        sequences.append(
            PoseSequence(
                f's{i}',
                truth.astype(np.float32),
                np.ones((20, 3), np.float32),
                30.0,
                estimate.astype(np.float32),
                f's{i}',
            )
        )
    save_pairs(tmp_path / 'pairs.npz', sequences)
    from pipeline.training.sequences.npz_layouts import write_safe

    boxes = [np.tile([0.0, 0, 50, 80], (20, 1))] * 3
    shapes = [np.array([480, 640, 3])] * 3
    write_safe(
        tmp_path / 'gt' / 'x_gt_test.npz', dict(joints_2d=[s.truth for s in sequences], bbox=boxes, imgshape=shapes)
    )
    write_safe(tmp_path / 'det' / 'y' / 'x_y_test.npz', dict(joints_2d=[s.estimate for s in sequences]))
    text = f"""
default_scope = 'mmpose'
model = dict(type='SequenceRefiner', backbone=dict(type='GuidedHANet', num_keypoints=3, window=8, fold=2,
             flip=[0, 2, 1], embed_dims=8, num_levels=2, num_decoder_layers=1), loss=dict(type='HANetLoss'))
train_dataloader = dict(batch_size=1, num_workers=0, collate_fn=dict(type='first_item'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='PairWindowBatches', window=8, batch_size=4, num_batches=3, seed=0,
                 source=dict(type='pairs', path={str(tmp_path / 'pairs.npz')!r})))
train_cfg = dict(by_epoch=True, max_epochs=2)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3))
custom_hooks = [dict(type='EpochSeedHook'), dict(type='StopOnNaNHook'), dict(type='ExportRefinerHook', interval=1)]
default_hooks = dict(checkpoint=dict(type='CheckpointHook', interval=1))
test_dataloader = dict(batch_size=1, num_workers=0, collate_fn=dict(type='first_item'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='NpzPoseDataset', root={str(tmp_path)!r}, dataset='x', estimator='y', window=8, split='test',
                 step=4, cover=True))
test_evaluator = dict(type='RefinementMetric', report=['pck', 'mpjpe', 'accel'])
test_cfg = dict()
visualizer = dict(type='Visualizer', vis_backends=[])
"""
    path = tmp_path / 'tiny.py'
    path.write_text(text)
    return path


def test_train_resume_and_test(config, tmp_path):
    work = str(tmp_path / 'work')
    one_epoch = ['--cfg-options', 'train_cfg.max_epochs=1']
    assert train.main([str(config), '--work-dir', work, '--seed', '3', *one_epoch]) == 0
    assert load_refiner(tmp_path / 'work' / 'refiner.pth').meta['iteration'] == 3
    assert train.main([str(config), '--work-dir', work, '--seed', '3', '--resume']) == 0
    assert load_refiner(tmp_path / 'work' / 'refiner.pth').meta['iteration'] == 6
    out = tmp_path / 'metrics.json'
    assert (
        test_tool.main([str(config), str(tmp_path / 'work' / 'refiner.pth'), '--work-dir', work, '--out', str(out)])
        == 0
    )
    metrics = json.loads(out.read_text())
    # the input is off by a normal variable in x and y: its mean length is sqrt(pi / 2)
    assert metrics['input/mpjpe'] == pytest.approx(np.sqrt(np.pi / 2), rel=0.15)
    assert metrics['output/mpjpe'] < 1.5 * metrics['input/mpjpe']


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['missing.py'], 'no such config'),
        (['CONFIG', '--resume', 'none.pth'], 'no such checkpoint'),
    ],
)
def test_user_errors(config, capsys, arguments, message):
    assert train.main([str(config) if a == 'CONFIG' else a for a in arguments]) == 2
    assert message in capsys.readouterr().err


def test_options_change_the_config(config):
    options = train.parse_arguments([str(config), '--amp', '--ema', '--tensorboard', '--seed', '7'])
    changed = train.load_config(str(config), options)
    assert changed.optim_wrapper.type == 'AmpOptimWrapper'
    assert changed.custom_hooks[-1]['type'] == 'EMAHook'
    assert changed.visualizer.vis_backends[-1]['type'] == 'TensorboardVisBackend'
    assert changed.train_dataloader.dataset.seed == changed.randomness.seed == 7


def test_published_schedule(repository, fixtures):
    """Warm-up and cosine of configs/_base_/published_schedule.py, driven by a real optimizer."""
    import torch
    from mmengine.optim import CosineAnnealingLR, LinearLR

    expected = np.load(fixtures('hanet_metrics', 'lr_schedule_10iters_per_epoch.npy'))
    config = Config.fromfile(str(repository / 'configs' / '_base_' / 'published_schedule.py'))
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=config.optim_wrapper.optimizer.lr)
    kinds = {'LinearLR': LinearLR, 'CosineAnnealingLR': CosineAnnealingLR}
    schedulers = []
    for entry in config.param_scheduler:
        arguments = {k: v for k, v in entry.items() if k not in ('type', 'convert_to_iter_based')}
        build = kinds[entry.type].build_iter_from_epoch if entry.get('convert_to_iter_based') else kinds[entry.type]
        schedulers.append(build(optimizer, epoch_length=10, **arguments))
    rates = []
    for _ in range(len(expected)):
        rates.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
    assert np.asarray(rates) == pytest.approx(expected, rel=1e-6)
