"""Experiment 1, peer: DeciWatch, one frame in ten of 101, Human3.6M in 2D, real errors."""

_base_ = ['../_base_/refiner_schedule.py', '../_base_/h36m_2d_hourglass.py']
iterations = 1000
model = dict(
    type='SequenceRefiner',
    backbone=dict(type='DeciWatch', num_keypoints=16, dims=2, window=101, interval=10),
    normaliser=dict(type='FigureNormaliser'),
    keypoint_names=_base_.keypoint_names,
    fps_range=(5.0, 240.0),
    loss=[dict(type='WeightedL1Loss', final_weight=5.0, refined_weight=1.0)],
)
train_dataloader = dict(dataset=dict(window=101, batch_size=16))
test_dataloader = dict(dataset=dict(window=101, step=27))
train_cfg = dict(by_epoch=True, max_epochs=iterations // 100)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=100, end=iterations),
]
