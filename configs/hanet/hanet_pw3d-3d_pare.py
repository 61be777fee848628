"""HANet on 3DPW in 3D, PARE in, 14 of the file's 17 joints; model, loss and schedule as published."""

_base_ = ['../_base_/published_schedule.py', '../_base_/npz_poses.py']
poses = dict(
    dataset='pw3d',
    estimator='pare',
    representation='3D',
    window=101,
    joints=[6, 5, 4, 1, 2, 3, 16, 15, 14, 11, 12, 13, 8, 10],
)
model = dict(
    type='SequenceRefiner',
    backbone=dict(type='HANet', num_keypoints=14, dims=3, window=101, interval=5, embed_dims=128, pre_norm=True),
    normaliser=dict(type='RootNormaliser', root=[2, 3]),
    loss=dict(type='HANetLoss', variant='published', final_weight=1.0),
)
train_dataloader = dict(batch_size=64, dataset=poses)
test_dataloader = dict(dataset=dict(step=5, **poses))
test_evaluator = dict(
    type='RefinementMetric',
    report=['mpjpe', 'pa-mpjpe', 'mpjve', 'accel', 'jerk'],
    protocol='published',
    unit=1000.0,
    root=[2, 3],
)
