"""Experiment 2: HANet at T=101, N=5 on lifted Human3.6M. The paper's architecture at half its base width.

For a short training it starts as the interpolation of the sampled poses (``zero_init``)
without dropout, and accelerations enter the loss; the paper has neither.
"""

_base_ = ['../_base_/refiner_schedule.py', '../_base_/h36m_3d_fcn.py']
iterations = 2500
model = dict(
    type='SequenceRefiner',
    backbone=dict(
        type='HANet',
        num_keypoints=17,
        dims=3,
        window=101,
        interval=5,
        embed_dims=32,
        num_levels=5,
        cross_mask='masked',
        zero_init=True,
        dropout=0.0,
    ),
    normaliser=dict(type='RootNormaliser', root=[0], unit=1000.0),
    keypoint_names=_base_.keypoint_names,
    fps_range=(5.0, 240.0),
    loss=[dict(type='HANetLoss', variant='paper'), dict(type='AccelerationLoss', weight=5.0)],
)
train_dataloader = dict(dataset=dict(batch_size=12))
train_cfg = dict(by_epoch=True, max_epochs=iterations // 100)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=200),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=200, end=iterations),
]
