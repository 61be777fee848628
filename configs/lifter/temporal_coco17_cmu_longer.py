"""The lifter of --3d, second stage: longer, with an eye on the limbs' bones, which angles are made of."""

_base_ = ['temporal_coco17_cmu.py']
iterations, epoch = 6000, 50
load_from = 'work_dirs/temporal_coco17_cmu/refiner.pth'
model = dict(bones=_base_.coco17_limb_bones, bone_weight=0.5)
train_dataloader = dict(dataset=dict(seed=2))
train_cfg = dict(by_epoch=True, max_epochs=iterations // epoch)
optim_wrapper = dict(optimizer=dict(lr=7e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=100),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=100, end=iterations),
]
randomness = dict(seed=2)
