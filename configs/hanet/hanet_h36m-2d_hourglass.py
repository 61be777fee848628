"""Experiment 1, our best: guided HANet on 96 frames of Human3.6M in 2D, real errors."""

_base_ = ['../_base_/refiner_schedule.py', '../_base_/h36m_2d_hourglass.py']
iterations = 14000
model = dict(
    type='SequenceRefiner',
    backbone=dict(
        type='GuidedHANet',
        num_keypoints=16,
        dims=2,
        window=96,
        fold=8,
        flip=_base_.flip,
        filter_widths=(1.5, 3.0, 6.0, 12.0),
        offset_frequencies=28,
        embed_dims=128,
        num_levels=2,
        num_decoder_layers=2,
        dropout=0.0,
        self_mask=False,
        time_step=0.2,
    ),
    normaliser=dict(type='FigureNormaliser'),
    keypoint_names=_base_.keypoint_names,
    fps_range=(5.0, 240.0),
    loss=[dict(type='DistanceLoss', joint_weights=_base_.limb_weights), dict(type='AccelerationLoss', weight=5.0)],
)
train_dataloader = dict(dataset=dict(window=96, batch_size=48, proportions=0.1, parents=_base_.parents))
test_dataloader = dict(dataset=dict(window=96, step=24))
train_cfg = dict(by_epoch=True, max_epochs=iterations // 100)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=200),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=200, end=iterations),
]
