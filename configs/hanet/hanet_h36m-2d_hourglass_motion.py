"""Experiment 1, our best: as before, with other bodies, seen from further round, and CMU's motion besides."""

import os

_base_ = ['hanet_h36m-2d_hourglass.py']
iterations = 11000
shared = os.environ.get('POSE_SHARED', '../shared') + '/data'
train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='HourglassPairBatches',
        folder=f'{shared}/h36m',
        motion=f'{shared}/cmu',
        window=96,
        batch_size=48,
        num_batches=100,
        share=0.2,
        proportions=0.1,
        stature=0.05,
        turn=0.4,
        cache='work_dirs/cache',
        seed=1,
    )
)
train_cfg = dict(by_epoch=True, max_epochs=iterations // 100)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=200),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=200, end=iterations),
]
