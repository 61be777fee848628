"""Experiment 2, the estimator, second stage: from where the first ended, without dropout."""
_base_ = ['fcn_h36m-3d_hourglass.py']
iterations = 2000
load_from = 'work_dirs/fcn/epoch_25.pth'
model = dict(dropout=0.0)
train_dataloader = dict(dataset=dict(batch_size=192, seed=2))
train_cfg = dict(by_epoch=True, max_epochs=iterations // 100)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=100, end=iterations)]
randomness = dict(seed=2)
