"""The lifter of --3d: wider, and used to estimators that have their own idea of where a joint is.

35 minutes on one core::

    tools/train.py configs/lifter/temporal_coco17_cmu_wide.py --threads 1
"""

_base_ = ['temporal_coco17_cmu.py']
iterations, epoch = 11000, 50
model = dict(
    width=512,
    dilations=[1, 3, 9],
    bones=_base_.coco17_limb_bones,
    bone_weight=0.5,
)
train_dataloader = dict(dataset=dict(offset=0.006, seed=3))
train_cfg = dict(by_epoch=True, max_epochs=iterations // epoch)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=150),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=150, end=iterations),
]
randomness = dict(seed=3)
