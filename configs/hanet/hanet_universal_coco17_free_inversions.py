"""The default refiner, second stage: longer inversions, of which scores say less, and more short tracks."""

_base_ = ['hanet_universal_coco17_free.py']
iterations = 1200
load_from = 'work_dirs/hanet_universal_coco17_free/refiner.pth'
train_dataloader = dict(
    dataset=dict(
        seed=2,
        short_share=0.25,
        exchange_share=0.4,
        proportions=0.18,
        rates=[
            dict(estimator='fused', inversion_rate=1.2, inversion_seconds=0.3, miss_rate=0.8, noticed=0.4),
            dict(inversion_rate=1.2, inversion_seconds=0.3, miss_rate=1.0, miss_seconds=0.25),
        ],
    )
)
train_cfg = dict(by_epoch=True, max_epochs=iterations // 100)
optim_wrapper = dict(optimizer=dict(lr=7e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=50),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=50, end=iterations),
]
randomness = dict(seed=2)
