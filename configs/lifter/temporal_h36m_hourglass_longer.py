"""Experiment 2 with time, second stage: longer, with less dropout, as the first stage underfits."""

_base_ = ['temporal_h36m_hourglass.py']
iterations, epoch = 18000, 50
load_from = 'work_dirs/temporal_h36m_hourglass/refiner.pth'
model = dict(dropout=0.05)
train_dataloader = dict(dataset=dict(seed=2))
train_cfg = dict(by_epoch=True, max_epochs=iterations // epoch)
optim_wrapper = dict(optimizer=dict(lr=7e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=100, end=iterations),
]
randomness = dict(seed=2)
