"""Runner settings that all refiner trainings share; a config sets iterations, model and data."""

default_scope = 'mmpose'
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.01), clip_grad=dict(max_norm=1.0)
)
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
    checkpoint=dict(type='CheckpointHook', interval=2, max_keep_ckpts=2),
)
visualizer = dict(type='Visualizer', vis_backends=[dict(type='LocalVisBackend')])
log_processor = dict(window_size=50)
log_level = 'INFO'
randomness = dict(seed=1)
