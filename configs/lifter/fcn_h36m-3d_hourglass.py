"""Experiment 2, the estimator: SimpleBaseline3D ("FCN") on the hourglass's 2D of Human3.6M, small for a CPU.

Half the published width, less than half its dropout, minutes of training. For predictions on a training
subject train it without this subject (cross-fitting)::

    tools/train.py configs/lifter/fcn_h36m-3d_hourglass.py --work-dir work_dirs/fcn_without_S1 \
        --cfg-options train_dataloader.dataset.subjects="['S5','S6','S7','S8']"
"""

import os

_base_ = ['../_base_/refiner_schedule.py']
custom_imports = dict(imports=['pipeline.networks.lifters.keypoint_lifter'])
iterations = 6000
model = dict(
    type='KeypointLifter',
    num_keypoints=16,
    num_joints=17,
    width=512,
    dropout=0.1,
    keypoint_names=[
        'right_ankle',
        'right_knee',
        'right_hip',
        'left_hip',
        'left_knee',
        'left_ankle',
        'pelvis',
        'thorax',
        'upper_neck',
        'head_top',
        'right_wrist',
        'right_elbow',
        'right_shoulder',
        'left_shoulder',
        'left_elbow',
        'left_wrist',
    ],
)
train_dataloader = dict(
    batch_size=1,
    num_workers=0,
    collate_fn=dict(type='first_item'),
    sampler=dict(type='EveryBatch'),
    dataset=dict(
        type='LiftingBatches',
        folder=os.environ.get('POSE_SHARED', '../shared') + '/data/h36m',
        subjects=['S1', 'S5', 'S6', 'S7', 'S8'],
        batch_size=256,
        num_batches=100,
        cache='work_dirs/cache',
        seed=1,
    ),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=0,
    collate_fn=dict(type='first_item'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='LiftingSequences',
        folder=os.environ.get('POSE_SHARED', '../shared') + '/data/h36m',
        subjects=['S9', 'S11'],
    ),
)
test_evaluator = dict(type='LiftingMetric', report=['mpjpe', 'pa-mpjpe', 'mpjve', 'accel', 'jerk'])
test_cfg = dict()
default_hooks = dict(checkpoint=dict(interval=25))
train_cfg = dict(by_epoch=True, max_epochs=iterations // 100)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=300),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=300, end=iterations),
]
