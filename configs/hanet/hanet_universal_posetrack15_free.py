"""The refiner for PoseTrack's 15 joints, from motion that anybody may use.

It begins with the default refiner's weights (12 limb joints and the nose are the same):

    python tools/convert_checkpoint.py joints pipeline/weights/hanet_coco17.pth work_dirs/coco17_as_posetrack15.pth \
        --to posetrack15
"""

_base_ = ['hanet_universal_coco17_free_varied.py']
load_from = 'work_dirs/coco17_as_posetrack15.pth'
iterations = 500
keypoint_names = [
    'nose',
    'head_bottom',
    'head_top',
    'left_shoulder',
    'right_shoulder',
    'left_elbow',
    'right_elbow',
    'left_wrist',
    'right_wrist',
    'left_hip',
    'right_hip',
    'left_knee',
    'right_knee',
    'left_ankle',
    'right_ankle',
]
model = dict(
    backbone=dict(num_keypoints=15, flip=[0, 1, 2, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13]),
    keypoint_names=keypoint_names,
)
train_dataloader = dict(dataset=dict(joints='posetrack15', seed=4))
test_dataloader = dict(dataset=dict(source=dict(joints='posetrack15')))
optim_wrapper = dict(optimizer=dict(lr=5e-4))
randomness = dict(seed=4)
train_cfg = dict(by_epoch=True, max_epochs=iterations // 100)
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-2, by_epoch=False, begin=0, end=50),
    dict(type='CosineAnnealingLR', eta_min=1e-6, by_epoch=False, begin=50, end=iterations),
]
