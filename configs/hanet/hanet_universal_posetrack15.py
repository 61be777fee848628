"""The refiner `hanet-academic` for PoseTrack's 15 joints, 8 to 120 fps, 48 frames.

It begins with the weights for COCO's joints (12 limb joints and the nose are the same):

    python tools/convert_checkpoint.py joints pipeline/weights/hanet-academic_coco17.pth \
        work_dirs/coco17_as_posetrack15.pth --to posetrack15

The file that ships was trained in the same way from the former `hanet-academic`, with 32 frames and no sigmas.
"""

_base_ = ['hanet_universal_coco17_window48.py', '../_base_/joints_posetrack15.py']
load_from = 'work_dirs/coco17_as_posetrack15.pth'
iterations = 600
model = dict(
    backbone=dict(num_keypoints=15, flip=_base_.flip),
    keypoint_names=_base_.keypoint_names,
)
train_dataloader = dict(dataset=dict(joints='posetrack15', batch_size=64, seed=4))
test_dataloader = dict(dataset=dict(source=dict(joints='posetrack15')))
optim_wrapper = dict(optimizer=dict(lr=5e-4))
randomness = dict(seed=4)
train_cfg = dict(by_epoch=True, max_epochs=iterations // 100)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=50),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=50, end=iterations),
]
