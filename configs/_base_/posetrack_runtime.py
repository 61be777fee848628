"""Runner settings that all PoseTrack trainings share: 20 epochs, checked after each."""

default_scope = 'mmpose'
custom_imports = dict(
    imports=[
        'pipeline.networks.estimators.dcpose',
        'pipeline.networks.estimators.dsta',
        'pipeline.networks.estimators.vit',
        'pipeline.posetrack.frames',
        'pipeline.posetrack.metric',
    ],
    allow_failed_imports=False,
)
train_cfg = dict(by_epoch=True, max_epochs=20, val_interval=1)
val_cfg = dict()
test_cfg = dict()
custom_hooks = [dict(type='SyncBuffersHook')]
default_hooks = dict(
    runtime_info=dict(type='RuntimeInfoHook'),
    timer=dict(type='IterTimerHook'),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    logger=dict(type='LoggerHook', interval=50),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='CheckpointHook', interval=1, max_keep_ckpts=3, save_best='posetrack/AP', rule='greater'),
)
env_cfg = dict(
    cudnn_benchmark=True, mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0), dist_cfg=dict(backend='nccl')
)
visualizer = dict(type='Visualizer', vis_backends=[dict(type='LocalVisBackend')])
log_processor = dict(window_size=50, by_epoch=True)
log_level = 'INFO'
randomness = dict(seed=8888)
