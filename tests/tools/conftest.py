"""A training small enough for a test."""

import numpy as np
import pytest

from pipeline.training.motion import PoseSequence
from pipeline.training.sequences.npz_layouts import write_safe
from pipeline.training.sources.pairs import save_pairs


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
    boxes = [np.tile([0.0, 0, 50, 80], (20, 1))] * 3
    shapes = [np.array([480, 640, 3])] * 3
    write_safe(
        tmp_path / 'gt' / 'x_gt_test.npz', dict(joints_2d=[s.truth for s in sequences], bbox=boxes, imgshape=shapes)
    )
    write_safe(tmp_path / 'det' / 'y' / 'x_y_test.npz', dict(joints_2d=[s.estimate for s in sequences]))
    text = f"""
default_scope = 'mmpose'
experiment_name = {tmp_path.name!r}  # MMEngine lets runs of one name and second share their log
model = dict(type='SequenceRefiner', backbone=dict(type='GuidedHANet', num_keypoints=3, window=8, fold=2,
             flip=[0, 2, 1], embed_dims=8, num_levels=2, num_decoder_layers=1), loss=dict(type='HANetLoss'))
train_dataloader = dict(batch_size=1, num_workers=0, collate_fn=dict(type='first_item'),
    sampler=dict(type='EveryBatch'),
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
