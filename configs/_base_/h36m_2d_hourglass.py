"""Human3.6M in 2D with the Stacked Hourglass's real errors, 16 joints in MPII order, px, 50 fps."""

import os

keypoint_names = [
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
]
flip = [5, 4, 3, 2, 1, 0, 6, 7, 8, 9, 15, 14, 13, 12, 11, 10]
parents = [1, 2, 6, 6, 3, 4, 6, 6, 7, 8, 11, 12, 7, 7, 13, 14]
# the limbs are what is compared; trunk and head are defined differently by hourglass and markers
limb_weights = [1.0] * 6 + [0.3] * 4 + [1.0] * 6
train_dataloader = dict(
    batch_size=1,
    num_workers=0,
    collate_fn=dict(type='first_item'),
    sampler=dict(type='EveryBatch'),
    dataset=dict(
        type='PairWindowBatches',
        window=64,
        batch_size=128,
        num_batches=100,
        holdout=12,
        flip=flip,
        reverse=True,
        seed=1,
        source=dict(
            type='h36m_2d',
            folder=os.environ.get('POSE_SHARED', '../shared') + '/data/h36m',
            subjects=['S1', 'S5', 'S6', 'S7', 'S8'],
        ),
    ),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=0,
    collate_fn=dict(type='first_item'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='PairSequences',
        window=64,
        step=16,
        source=dict(
            type='h36m_2d',
            folder=os.environ.get('POSE_SHARED', '../shared') + '/data/h36m',
            subjects=['S9', 'S11'],
        ),
    ),
)
test_evaluator = dict(type='RefinementMetric', report=['mpjpe', 'mpjve', 'accel', 'jerk'])
test_cfg = dict()
