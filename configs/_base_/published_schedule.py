"""HANet's published training: AdamW with AMSGrad, 5 epochs of warm-up, 65 of cosine, no clipping, no average."""

default_scope = 'mmpose'
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.01, amsgrad=True))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-3, by_epoch=True, begin=0, end=5, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=1e-5, by_epoch=True, begin=5, end=71, T_max=65, convert_to_iter_based=True),
]
train_cfg = dict(by_epoch=True, max_epochs=70)
test_cfg = dict()
custom_hooks = [dict(type='EpochSeedHook'), dict(type='StopOnNaNHook'), dict(type='ExportRefinerHook', interval=1)]
default_hooks = dict(
    runtime_info=dict(type='RuntimeInfoHook'),
    timer=dict(type='IterTimerHook'),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    logger=dict(type='LoggerHook', interval=10),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='CheckpointHook', interval=1, max_keep_ckpts=2),
)
visualizer = dict(type='Visualizer', vis_backends=[dict(type='LocalVisBackend')])
log_level = 'INFO'
randomness = dict(seed=4321)
