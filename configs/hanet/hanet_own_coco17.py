"""A refiner for an estimator of your own, COCO's 17 joints: docs/train-refiner.md, step by step.

Motion of anybody, with errors as they were fitted to the estimator (``tools/research/fit_pairs.py``); tested on
what the estimator says of videos that it was not fitted on. ``POSE_OWN`` names the folder that holds ``rates.json`` and
``test.npz``, ``POSE_MOTION`` the one with ``mocap.npz``. The network is that of `hanet-academic`.
"""

import os

_base_ = ['hanet_universal_coco17.py']
folder = os.environ.get('POSE_OWN', 'work_dirs/own')
iterations = 900

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='UniversalWindowBatches',
        window=32,
        batch_size=48,
        num_batches=50,
        seed=1,
        cmu_root=os.environ.get('POSE_MOTION', 'demo/motion/train'),
        shares=(0, 0, 0, 0, 1),
        fps_range=(15.0, 60.0),
        rates=folder + '/rates.json',
    )
)
test_dataloader = dict(dataset=dict(source=dict(_delete_=True, type='pairs', path=folder + '/test.npz')))
train_cfg = dict(by_epoch=True, max_epochs=iterations // 50)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=100, end=iterations),
]
