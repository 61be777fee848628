"""Human3.6M in 3D, lifted by the FCN of configs/lifter, 17 joints relative to the pelvis, mm, 50 fps.

``tools/research/lift_h36m.py`` writes the two files, training subjects by lifters that did not see them.
"""

import os

_base_ = './joints_h36m17.py'
folder = os.environ.get('POSE_PAIRS', 'work_dirs/h36m_3d_fcn')
parents = [0, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15]
flip = [0, 4, 5, 6, 1, 2, 3, 7, 8, 9, 10, 14, 15, 16, 11, 12, 13]
train_dataloader = dict(
    batch_size=1,
    num_workers=0,
    collate_fn=dict(type='first_item'),
    sampler=dict(type='EveryBatch'),
    dataset=dict(
        type='PairWindowBatches',
        window=101,
        batch_size=32,
        num_batches=100,
        flip=flip,
        reverse=True,
        seed=1,
        proportions=0.1,
        parents=parents,
        source=dict(type='pairs', path=folder + '/train.npz'),
    ),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=0,
    collate_fn=dict(type='first_item'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='PairSequences', window=101, step=13, source=dict(type='pairs', path=folder + '/test.npz')),
)
test_evaluator = dict(type='RefinementMetric', report=['mpjpe', 'pa-mpjpe', 'mpjve', 'accel', 'jerk'], root=[0])
test_cfg = dict()
