"""HANet on AIST++ in 3D, SPIN in; model, loss and schedule as published."""

_base_ = ['../_base_/published_schedule.py', '../_base_/npz_poses.py']
poses = dict(dataset='aist', estimator='spin', representation='3D', window=101, fps=60.0)
model = dict(
    type='SequenceRefiner',
    backbone=dict(type='HANet', num_keypoints=14, dims=3, window=101, interval=5, embed_dims=32, pre_norm=True),
    normaliser=dict(type='RootNormaliser', root=[2, 3]),
    loss=dict(type='HANetLoss', variant='published', final_weight=5.0),
)
train_dataloader = dict(batch_size=256, dataset=poses)
test_dataloader = dict(dataset=dict(step=5, **poses))
test_evaluator = dict(
    type='RefinementMetric',
    report=['mpjpe', 'pa-mpjpe', 'mpjve', 'accel', 'jerk'],
    protocol='published',
    unit=1000.0,
    root=[2, 3],
)
