"""HANet over an estimator's PoseTrack tracks as in the paper (T=5, N=1, loss on annotated frames only).

The paper does not give the width for PoseTrack; half of what it has for Sub-JHMDB (80 M parameters) is taken here.
"""

_base_ = ['./published_schedule.py', './joints_posetrack15.py']
custom_imports = dict(imports=['pipeline.posetrack.tracks'], allow_failed_imports=False)  # its source
model = dict(
    type='SequenceRefiner',
    backbone=dict(type='HANet', num_keypoints=15, dims=2, window=5, interval=1, embed_dims=128),
    normaliser=dict(type='FigureNormaliser'),
    keypoint_names=_base_.keypoint_names,
    loss=[dict(type='HANetLoss', variant='paper')],
)
train_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=False,
    collate_fn=dict(type='first_item'),
    sampler=dict(type='EveryBatch'),
    dataset=dict(
        type='PairWindowBatches',
        window=5,
        batch_size=128,
        num_batches=500,
        seed=4321,
        flip=_base_.flip,
    ),
)
# the poses themselves; PoseTrack's scores: tools/eval_posetrack.py --refiner-checkpoint work_dirs/NAME/refiner.pth
test_dataloader = dict(
    batch_size=1,
    num_workers=0,
    collate_fn=dict(type='first_item'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='PairSequences', window=5, step=1),
)
test_evaluator = dict(type='RefinementMetric', report=['mpjpe', 'mpjve', 'accel', 'jerk'])
test_cfg = dict()
