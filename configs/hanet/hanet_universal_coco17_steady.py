"""The former `hanet-academic`, third stage: longer inversions, and more say for tracks that are right already."""

_base_ = ['hanet_universal_coco17.py']
iterations = 2000
load_from = 'work_dirs/hanet_universal_coco17_bursts/epoch_12.pth'
train_dataloader = dict(
    dataset=dict(
        seed=3,
        clean_share=0.25,
        clean_weight=3.0,
        rates=dict(inversion_rate=0.8, inversion_seconds=0.3, miss_rate=0.8, miss_seconds=0.15),
    )
)
train_cfg = dict(by_epoch=True, max_epochs=iterations // 100)
optim_wrapper = dict(optimizer=dict(lr=8e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=100, end=iterations),
]
randomness = dict(seed=3)
