"""Experiment 1, our best: trained on with additional motion, from the end of ``hanet_h36m-2d_hourglass.py``."""

_base_ = ['hanet_h36m-2d_hourglass_motion.py']
iterations = 2500
load_from = 'work_dirs/hanet_h36m-2d_hourglass/refiner.pth'
train_dataloader = dict(dataset=dict(seed=4))
train_cfg = dict(by_epoch=True, max_epochs=iterations // 100)
optim_wrapper = dict(optimizer=dict(lr=8e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=200),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=200, end=iterations),
]
randomness = dict(seed=4)
