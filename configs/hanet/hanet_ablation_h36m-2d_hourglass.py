"""Experiment 3: the complete HANet whose parts ``tools/research/ablate.py`` takes away; small, for a CPU.

The paper's network (row 6 of Table 4, last row of Table 5) at T=51, N=5 and base width 16, without dropout.
"""

_base_ = ['../_base_/refiner_schedule.py', '../_base_/h36m_2d_hourglass.py']
iterations = 400
model = dict(
    type='SequenceRefiner',
    backbone=dict(
        type='HANet',
        num_keypoints=16,
        dims=2,
        window=51,
        interval=5,
        embed_dims=16,
        num_levels=5,
        cross_mask='masked',
        dropout=0.0,
    ),
    normaliser=dict(type='FigureNormaliser'),
    keypoint_names=_base_.keypoint_names,
    fps_range=(5.0, 240.0),
    loss=dict(type='HANetLoss', variant='paper', mutual_weight=1.0, mutual_norms=['l1', 'l2']),
)
train_dataloader = dict(dataset=dict(window=51, batch_size=32, source=dict(every=4)))
test_dataloader = dict(dataset=dict(window=51, step=13))
custom_hooks = [
    dict(type='EpochSeedHook'),
    dict(type='StopOnNaNHook'),
    dict(type='ExportRefinerHook'),
    dict(type='EMAHook', ema_type='ExponentialMovingAverage', momentum=0.02, priority='NORMAL'),
]
default_hooks = dict(checkpoint=dict(interval=100))
train_cfg = dict(by_epoch=True, max_epochs=iterations // 100)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=50),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=50, end=iterations),
]
