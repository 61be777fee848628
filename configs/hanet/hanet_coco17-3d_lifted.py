"""The refiner of --3d: the paper's HANet at T=51, N=5 on what lifters say of motion unknown to them.

First the lifters, each from one half of CMU's motion, then the refiner::

    for i in 0 1; do
        tools/train.py configs/lifter/temporal_coco17_cmu_wide.py --threads 1 --work-dir work_dirs/lifter_part$i \
            --cfg-options train_dataloader.dataset.part="[$i,2]" train_cfg.max_epochs=50 param_scheduler.1.end=2500
    done
    tools/train.py configs/hanet/hanet_coco17-3d_lifted.py --threads 1

``POSE_LIFTERS`` names another folder than ``work_dirs``. For a short training the network has half its base width,
begins as the interpolation of the sampled poses and reads scores, and accelerations enter the loss; the paper has none
of these.
"""

import os

_base_ = ['../_base_/refiner_schedule.py', '../_base_/joints_coco17.py']
data_root = os.environ.get('POSE_SHARED', '../shared') + '/data'
lifters = os.environ.get('POSE_LIFTERS', 'work_dirs')
iterations, epoch = 3000, 100
model = dict(
    type='SequenceRefiner',
    backbone=dict(
        type='HANet',
        num_keypoints=17,
        dims=3,
        window=51,
        interval=5,
        embed_dims=32,
        num_levels=5,
        cross_mask='masked',
        zero_init=True,
        score_input=True,
        dropout=0.0,
    ),
    normaliser=dict(type='RootNormaliser', root=[11, 12], unit=1.0),
    keypoint_names=_base_.coco17_names,
    fps_range=(5.0, 240.0),
    loss=[dict(type='HANetLoss', variant='paper'), dict(type='AccelerationLoss', weight=5.0)],
)
lifted = dict(
    type='LiftedWindowBatches',
    lifters=[f'{lifters}/lifter_part0/refiner.pth', f'{lifters}/lifter_part1/refiner.pth'],
    motion=dict(folder=f'{data_root}/cmu', motion='cmu'),
    window=51,
    margin=0,
    batch_size=32,
    cache='work_dirs/cache',
)
train_dataloader = dict(
    batch_size=1,
    num_workers=0,
    collate_fn=dict(type='first_item'),
    sampler=dict(type='EveryBatch'),
    dataset=dict(num_batches=epoch, seed=1, **lifted),
)
# other virtual cameras; real views: tools/research/evaluate_3d_views.py
test_dataloader = dict(
    batch_size=1,
    num_workers=0,
    collate_fn=dict(type='first_item'),
    sampler=dict(type='EveryBatch'),
    dataset=dict(num_batches=20, seed=1001, **lifted),
)
test_evaluator = dict(
    type='RefinementMetric', report=['mpjpe', 'pa-mpjpe', 'mpjve', 'accel', 'jerk'], unit=1000.0, root=[11, 12]
)
test_cfg = dict()
train_cfg = dict(by_epoch=True, max_epochs=iterations // epoch)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=150),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=150, end=iterations),
]
