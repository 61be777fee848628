"""Experiment 1, peer: SmoothNet on 64 frames of Human3.6M in 2D, real errors."""

_base_ = ['../_base_/refiner_schedule.py', '../_base_/h36m_2d_hourglass.py']
iterations = 2000
model = dict(
    type='SequenceRefiner',
    backbone=dict(type='SmoothNet', num_keypoints=16, dims=2, window=64),
    normaliser=dict(type='FigureNormaliser'),
    keypoint_names=_base_.keypoint_names,
    fps_range=(5.0, 240.0),
    # the sum of position and acceleration errors, as in its paper
    loss=[dict(type='WeightedL1Loss'), dict(type='AccelerationLoss', weight=1.0)],
)
train_cfg = dict(by_epoch=True, max_epochs=iterations // 100)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=200),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=200, end=iterations),
]
