"""HANet on Human3.6M in 3D, the published FCN estimates in (metres); model, loss and schedule as published."""

_base_ = ['../_base_/published_schedule.py', '../_base_/npz_poses.py', '../_base_/joints_h36m17.py']
poses = dict(dataset='h36m', estimator='fcn', representation='3D', window=101, fps=50.0)
model = dict(
    type='SequenceRefiner',
    backbone=dict(type='HANet', num_keypoints=17, dims=3, window=101, interval=5, embed_dims=64, pre_norm=True),
    normaliser=dict(type='RootNormaliser', root=[0]),
    keypoint_names=_base_.keypoint_names,
    loss=dict(type='HANetLoss', variant='published', final_weight=1.0),
)
train_dataloader = dict(batch_size=96, dataset=poses)
test_dataloader = dict(dataset=dict(step=5, **poses))
test_evaluator = dict(
    type='RefinementMetric',
    report=['mpjpe', 'pa-mpjpe', 'mpjve', 'accel', 'jerk'],
    protocol='published',
    unit=1000.0,
    root=[0],
)
