"""Experiment 1, our best, third stage: other bodies, cameras and estimators than the five subjects', by augmentation."""
_base_ = ['hanet_h36m-2d_hourglass.py']
iterations = 4500
load_from = 'work_dirs/hanet_h36m-2d_hourglass_long/epoch_100.pth'
model = dict(backbone=dict(dropout=0.1))
train_dataloader = dict(dataset=dict(seed=3, batch_size=48, tilt=8.0, aspect=0.08, error_spread=0.2))
train_cfg = dict(by_epoch=True, max_epochs=iterations // 100)
optim_wrapper = dict(optimizer=dict(lr=8e-4, weight_decay=0.05))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=200),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=200, end=iterations)]
randomness = dict(seed=3)
