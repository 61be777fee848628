"""The former `hanet-academic`, fourth stage: steady at few frames a second too, and longer misses."""

_base_ = ['hanet_universal_coco17.py']
iterations = 2000
load_from = 'work_dirs/hanet_universal_coco17_steady/refiner.pth'
train_dataloader = dict(
    dataset=dict(
        seed=4,
        fps_range=(8.0, 120.0),
        clean_share=0.3,
        clean_weight=6.0,
        rates=dict(inversion_rate=0.8, inversion_seconds=0.3, miss_rate=1.0, miss_seconds=0.25),
    )
)
train_cfg = dict(by_epoch=True, max_epochs=iterations // 100)
optim_wrapper = dict(optimizer=dict(lr=8e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=100, end=iterations),
]
randomness = dict(seed=4)
