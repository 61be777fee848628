"""The former `hanet-academic`, second stage: longer and more frequent bursts of inversions and misses."""

_base_ = ['hanet_universal_coco17.py']
iterations = 1200
load_from = 'work_dirs/hanet_universal_coco17/epoch_24.pth'
train_dataloader = dict(
    dataset=dict(
        seed=2,
        clean_share=0.15,
        rates=dict(inversion_rate=0.6, inversion_seconds=0.2, miss_rate=0.8, miss_seconds=0.15),
    )
)
train_cfg = dict(by_epoch=True, max_epochs=iterations // 100)
optim_wrapper = dict(optimizer=dict(lr=8e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=100, end=iterations),
]
randomness = dict(seed=2)
