"""The lifter of --3d: any estimator's COCO joints to COCO's joints in metres, trained on CMU's free motion alone.

Virtual cameras, other bodies, exchanged trunks and the estimator's error model make the rest. 35 minutes on one core::

    tools/train.py configs/lifter/temporal_coco17_cmu.py --threads 1
"""

import os

_base_ = ['../_base_/refiner_schedule.py', '../_base_/joints_coco17.py']
custom_imports = dict(imports=['pipeline.networks.lifters.temporal_lifter'])
data_root = os.environ.get('POSE_SHARED', '../shared') + '/data'
iterations, epoch = 4000, 50
model = dict(
    type='TemporalLifter',
    num_keypoints=17,
    num_joints=17,
    trunk=[5, 6, 11, 12],
    root=[11, 12],
    flip=_base_.coco17_flip,
    joint_flip=_base_.coco17_flip,
    width=384,
    dilations=[3, 9],
    dropout=0.05,
    rate=25.0,
    fast_training=True,
    keypoint_names=_base_.coco17_names,
    joint_names=_base_.coco17_names,
)
train_dataloader = dict(
    batch_size=1,
    num_workers=0,
    collate_fn=dict(type='first_item'),
    sampler=dict(type='EveryBatch'),
    dataset=dict(
        type='VirtualLiftingBatches',
        folder=f'{data_root}/cmu',
        motion='cmu',
        window=64,
        batch_size=32,
        num_batches=epoch,
        cache='work_dirs/cache',
        seed=1,
    ),
)
# virtual cameras again, other ones; real views: tools/research/evaluate_3d_views.py
test_dataloader = dict(
    batch_size=1,
    num_workers=0,
    collate_fn=dict(type='first_item'),
    sampler=dict(type='EveryBatch'),
    dataset=dict(
        type='VirtualLiftingBatches',
        folder=f'{data_root}/cmu',
        motion='cmu',
        window=64,
        batch_size=32,
        num_batches=20,
        cache='work_dirs/cache',
        seed=1001,
    ),
)
test_evaluator = dict(type='LiftingMetric', report=['mpjpe', 'pa-mpjpe', 'mpjve', 'accel', 'jitter'])
test_cfg = dict()
train_cfg = dict(by_epoch=True, max_epochs=iterations // epoch)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=150),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=150, end=iterations),
]
