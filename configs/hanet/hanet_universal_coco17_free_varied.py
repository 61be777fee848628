"""The default refiner, second stage: limbs of other windows on other bodies, and more short tracks."""

_base_ = ['hanet_universal_coco17_free.py']
iterations = 800
load_from = 'work_dirs/hanet_universal_coco17_free/refiner.pth'
train_dataloader = dict(dataset=dict(seed=3, short_share=0.25, exchange_share=0.4, proportions=0.18, clean_weight=3.0))
train_cfg = dict(by_epoch=True, max_epochs=iterations // 100)
optim_wrapper = dict(optimizer=dict(lr=5e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=50),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=50, end=iterations),
]
randomness = dict(seed=3)
