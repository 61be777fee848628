"""Experiment 2 with time: the hourglass's 2D of Human3.6M, 81 frames at 25 a second, to 3D.

For predictions on a training subject train it without this subject (cross-fitting), as
``configs/lifter/fcn_h36m-3d_hourglass.py`` says.
"""

import os

_base_ = ['../_base_/refiner_schedule.py']
custom_imports = dict(imports=['pipeline.networks.lifters.temporal_lifter'])
folder = os.environ.get('POSE_SHARED', '../shared') + '/data/h36m'
iterations, epoch = 7000, 50
model = dict(
    type='TemporalLifter',
    num_keypoints=16,
    num_joints=17,
    trunk=[2, 3, 12, 13],
    root=[0],
    flip=[5, 4, 3, 2, 1, 0, 6, 7, 8, 9, 15, 14, 13, 12, 11, 10],
    joint_flip=[0, 4, 5, 6, 1, 2, 3, 7, 8, 9, 10, 14, 15, 16, 11, 12, 13],
    width=512,
    dilations=[3, 9, 27],
    dropout=0.1,
    rate=25.0,
    velocity_weight=0.5,
    direction=True,
    fast_training=True,
)
train_dataloader = dict(
    batch_size=1,
    num_workers=0,
    collate_fn=dict(type='first_item'),
    sampler=dict(type='EveryBatch'),
    dataset=dict(
        type='HourglassLiftingBatches',
        folder=folder,
        subjects=['S1', 'S5', 'S6', 'S7', 'S8'],
        window=96,
        batch_size=32,
        num_batches=epoch,
        proportions=0.06,
        turn=0.4,
        cache='work_dirs/cache',
        seed=1,
    ),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=0,
    collate_fn=dict(type='first_item'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='HourglassLiftingSequences', folder=folder, subjects=['S9', 'S11']),
)
test_evaluator = dict(type='LiftingMetric', report=['mpjpe', 'pa-mpjpe', 'mpjve', 'accel', 'jitter'])
test_cfg = dict()
train_cfg = dict(by_epoch=True, max_epochs=iterations // epoch)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=150),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=150, end=iterations),
]
