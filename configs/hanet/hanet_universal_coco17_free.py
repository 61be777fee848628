"""The default refiner, from motion that anybody may use: CMU's motion capture, and modelled errors of estimators."""

_base_ = ['hanet_universal_coco17.py']
iterations = 4000

model = dict(
    backbone=dict(window=48, filter_widths=(0.7, 1.5, 3.0, 6.0, 12.0), width=True),
    loss=[
        dict(type='HANetLoss', variant='paper'),
        dict(type='AccelerationLoss', weight=3.0, strides=(1, 2, 4)),
        dict(type='WidthLoss', weight=0.02),
    ],
)
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='UniversalWindowBatches',
        window=48,
        batch_size=96,
        num_batches=100,
        seed=1,
        cmu_root=f'{_base_.data_root}/cmu',
        shares=(0, 0, 0, 0, 1),
        fps_range=(8.0, 120.0),
        short_share=0.1,
        clean_share=0.2,
        clean_weight=4.0,
        rates=[
            dict(estimator='fused', inversion_rate=0.4, inversion_seconds=0.25, miss_rate=0.8, miss_seconds=0.2),
            dict(inversion_rate=0.8, inversion_seconds=0.3, miss_rate=1.0, miss_seconds=0.25),
        ],
        cache='work_dirs/cache',
    )
)
test_dataloader = dict(dataset=dict(window=48, step=12))
train_cfg = dict(by_epoch=True, max_epochs=iterations // 100)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=200),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=200, end=iterations),
]
