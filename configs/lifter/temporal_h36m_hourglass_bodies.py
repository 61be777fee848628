"""Experiment 2 with time, third stage: more bodies, of other statures, on the floor, from further round."""

_base_ = ['temporal_h36m_hourglass.py']
iterations, epoch = 5500, 50
load_from = 'pipeline/weights/lifter_h36m.pth'
model = dict(dropout=0.1)
train_dataloader = dict(dataset=dict(seed=3, proportions=0.08, stature=0.05, turn=0.7))
train_cfg = dict(by_epoch=True, max_epochs=iterations // epoch)
optim_wrapper = dict(optimizer=dict(lr=5e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=100, end=iterations),
]
randomness = dict(seed=3)
