"""Experiment 1, HANet as in the paper (T=101, N=5, five levels; base width 32 for a CPU), Human3.6M in 2D."""

_base_ = ['../_base_/refiner_schedule.py', '../_base_/h36m_2d_hourglass.py']
iterations = 1000
model = dict(
    type='SequenceRefiner',
    backbone=dict(
        type='HANet', num_keypoints=16, dims=2, window=101, interval=5, embed_dims=32, num_levels=5, cross_mask='masked'
    ),
    normaliser=dict(type='FigureNormaliser'),
    keypoint_names=_base_.keypoint_names,
    fps_range=(5.0, 240.0),
    loss=[dict(type='HANetLoss', variant='paper')],
)
train_dataloader = dict(dataset=dict(window=101, batch_size=32))
test_dataloader = dict(dataset=dict(window=101, step=25))
train_cfg = dict(by_epoch=True, max_epochs=iterations // 100)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=100, end=iterations),
]
