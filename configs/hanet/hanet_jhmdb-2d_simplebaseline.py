"""HANet on Sub-JHMDB in 2D, SimpleBaseline in; model, loss and schedule as published (320 M parameters)."""

_base_ = ['../_base_/published_schedule.py', '../_base_/npz_poses.py']
poses = dict(dataset='jhmdb', estimator='simplebaseline', representation='2D', window=11)
keypoint_names = [
    'neck',
    'belly',
    'face',
    'right_shoulder',
    'left_shoulder',
    'right_hip',
    'left_hip',
    'right_elbow',
    'left_elbow',
    'right_knee',
    'left_knee',
    'right_wrist',
    'left_wrist',
    'right_ankle',
    'left_ankle',
]
model = dict(
    type='SequenceRefiner',
    backbone=dict(type='HANet', num_keypoints=15, dims=2, window=11, interval=5, embed_dims=256, pre_norm=False),
    normaliser=dict(type='ImageNormaliser'),
    keypoint_names=keypoint_names,
    loss=dict(type='HANetLoss', variant='published', final_weight=5.0),
)
train_dataloader = dict(batch_size=16, dataset=poses)
test_dataloader = dict(dataset=dict(step=5, **poses))
test_evaluator = dict(type='RefinementMetric', report=['pck', 'mpjve', 'accel', 'jerk'], protocol='published')
