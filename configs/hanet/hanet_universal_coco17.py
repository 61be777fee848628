"""What all refiners of COCO-17 joints start from: any estimator's poses, 10 to 120 fps, 32 frames, motion for research.

Until November 2026 `hanet-academic` was made by it and by ``hanet_universal_coco17_bursts.py``, ``_steady.py`` and
``_slow.py``; now by ``_window48.py``. The default refiner: ``hanet_universal_coco17_free.py``, ``_free_varied.py``,
``_free_rolling.py`` and ``_free_longer.py``.
"""

import os

_base_ = ['../_base_/joints_coco17.py']
default_scope = 'mmpose'
data_root = os.environ.get('POSE_SHARED', '../shared') + '/data'
iterations, epoch = 2400, 100

model = dict(
    type='SequenceRefiner',
    backbone=dict(
        type='GuidedHANet',
        num_keypoints=17,
        dims=2,
        window=32,
        fold=4,
        filter_widths=(0.7, 1.5, 3.0, 6.0),
        flip=_base_.coco17_flip,
        embed_dims=64,
        num_levels=3,
        num_decoder_layers=2,
        dropout=0.0,
        score_input=True,
        rate_input=True,
        self_mask=False,
        time_step=0.2,
    ),
    normaliser=dict(type='FigureNormaliser'),
    keypoint_names=_base_.coco17_names,
    fps_range=(10.0, 120.0),
    loss=[dict(type='HANetLoss', variant='paper'), dict(type='AccelerationLoss', weight=2.0)],
)

train_dataloader = dict(
    batch_size=1,
    num_workers=0,
    collate_fn=dict(type='first_item'),
    sampler=dict(type='EveryBatch'),
    dataset=dict(
        type='UniversalWindowBatches',
        window=32,
        batch_size=128,
        num_batches=epoch,
        seed=1,
        h36m_root=f'{data_root}/h36m',
        penn_root=f'{data_root}/penn_action',
        jhmdb_root=f'{data_root}/jhmdb',
        holdout=10,
        cache='work_dirs/cache',
    ),
)
# real errors on Human3.6M's test subjects, the joints that it has; all else: tools/research/evaluate_robustness.py
test_dataloader = dict(
    batch_size=1,
    num_workers=0,
    collate_fn=dict(type='first_item'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='PairSequences',
        window=32,
        step=8,
        source=dict(type='h36m_universal', folder=f'{data_root}/h36m', subjects=['S9', 'S11'], joints='coco17'),
    ),
)
test_evaluator = dict(type='RefinementMetric', report=['mpjpe', 'mpjve', 'accel', 'jerk'])
test_cfg = dict()
train_cfg = dict(by_epoch=True, max_epochs=iterations // epoch)

optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.01), clip_grad=dict(max_norm=1.0)
)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=200),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=200, end=iterations),
]
custom_hooks = [
    dict(type='EpochSeedHook'),
    dict(type='StopOnNaNHook'),
    dict(type='ExportRefinerHook'),
    dict(type='EMAHook', ema_type='ExponentialMovingAverage', momentum=0.005, priority='NORMAL'),
]
default_hooks = dict(
    runtime_info=dict(type='RuntimeInfoHook'),
    timer=dict(type='IterTimerHook'),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    logger=dict(type='LoggerHook', interval=50),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='CheckpointHook', interval=2, max_keep_ckpts=2, save_best=None),
)
visualizer = dict(type='Visualizer', vis_backends=[dict(type='LocalVisBackend')])
log_processor = dict(window_size=50)
log_level = 'INFO'
randomness = dict(seed=1)
