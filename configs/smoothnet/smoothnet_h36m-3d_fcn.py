"""Experiment 2, peer: SmoothNet on 64 frames of lifted Human3.6M."""

_base_ = ['../_base_/refiner_schedule.py', '../_base_/h36m_3d_fcn.py']
iterations = 4000
model = dict(
    type='SequenceRefiner',
    backbone=dict(type='SmoothNet', num_keypoints=17, dims=3, window=64),
    normaliser=dict(type='RootNormaliser', root=[0], unit=1000.0),
    keypoint_names=_base_.keypoint_names,
    fps_range=(5.0, 240.0),
    # the sum of position and acceleration errors, as in its paper
    loss=[dict(type='WeightedL1Loss'), dict(type='AccelerationLoss', weight=1.0)],
)
train_dataloader = dict(dataset=dict(window=64, batch_size=16))
test_dataloader = dict(dataset=dict(window=64, step=16))
train_cfg = dict(by_epoch=True, max_epochs=iterations // 100)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=200),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=200, end=iterations),
]
