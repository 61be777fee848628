"""The default refiner, third stage: some people turn head over heels, as in CMU's motion they hardly do.

Rates up to 60: of faster films it is given every second frame at a time, or fewer (``pipeline.refine.windows``). The
next stage starts from the mean of these weights and those of the stage before, which is better at short occlusions.
"""

_base_ = ['hanet_universal_coco17_free_varied.py']
iterations = 2000
load_from = 'work_dirs/hanet_universal_coco17_free_varied/refiner.pth'
train_dataloader = dict(dataset=dict(seed=4, roll_share=0.15, fps_range=(8.0, 60.0)))
train_cfg = dict(by_epoch=True, max_epochs=iterations // 100)
optim_wrapper = dict(optimizer=dict(lr=5e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=50),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=50, end=iterations),
]
randomness = dict(seed=4)
