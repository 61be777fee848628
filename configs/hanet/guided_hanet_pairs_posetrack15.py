"""A refiner for an estimator of your own, PoseTrack's 15 joints: what it says of your videos, beside their annotations.

``tools/convert_dataset.py pairs`` writes ``train.npz`` and ``test.npz`` into the folder that ``POSE_PAIRS`` names;
for other joints write a base of your own like ``_base_/joints_posetrack15.py``. Small enough for a CPU;
``--cfg-options iterations=N`` for more.
"""

import os

_base_ = ['../_base_/refiner_schedule.py', '../_base_/joints_posetrack15.py']
folder = os.environ.get('POSE_PAIRS', 'work_dirs/pairs')
iterations = 1000
model = dict(
    type='SequenceRefiner',
    backbone=dict(
        type='GuidedHANet',
        num_keypoints=15,
        dims=2,
        window=32,
        fold=4,
        filter_widths=(0.7, 1.5, 3.0, 6.0),
        flip=_base_.flip,
        embed_dims=64,
        num_levels=3,
        num_decoder_layers=2,
        dropout=0.0,
        score_input=True,
        rate_input=True,
        self_mask=False,
        time_step=0.2,
    ),
    normaliser=dict(type='FigureNormaliser'),
    keypoint_names=_base_.keypoint_names,
    fps_range=(5.0, 120.0),
    loss=[dict(type='DistanceLoss'), dict(type='AccelerationLoss', weight=5.0)],
)
train_dataloader = dict(
    batch_size=1,
    num_workers=0,
    collate_fn=dict(type='first_item'),
    sampler=dict(type='EveryBatch'),
    dataset=dict(
        type='PairWindowBatches',
        window=32,
        batch_size=48,
        num_batches=100,
        flip=_base_.flip,
        reverse=True,
        tilt=8.0,
        error_spread=0.2,
        seed=1,
        source=dict(type='pairs', path=folder + '/train.npz'),
    ),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=0,
    collate_fn=dict(type='first_item'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='PairSequences', window=32, step=8, source=dict(type='pairs', path=folder + '/test.npz')),
)
test_evaluator = dict(type='RefinementMetric', report=['mpjpe', 'mpjve', 'accel', 'jerk'])
test_cfg = dict()
train_cfg = dict(by_epoch=True, max_epochs=iterations // 100)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=100, end=iterations),
]
