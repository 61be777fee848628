"""DCPose with HRNet-W48 on PoseTrack17 (Liu et al., CVPR 2021).

The rough estimator is trained first, by configs/hrnet_posetrack, and frozen here.
"""

_base_ = '../_base_/posetrack17.py'

load_from = 'work_dirs/td-hm_hrnet-w48_20e_posetrack17-384x288/epoch_20.pth'
codec = dict(type='QuarterShiftHeatmap', input_size=(288, 384), heatmap_size=(72, 96), sigma=3)
model = dict(
    type='DCPose',
    freeze_rough=True,
    data_preprocessor=dict(
        type='FramesDataPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], bgr_to_rgb=True
    ),
    backbone=dict(
        type='HRNet',
        in_channels=3,
        extra=dict(
            stage1=dict(num_modules=1, num_branches=1, block='BOTTLENECK', num_blocks=(4,), num_channels=(64,)),
            stage2=dict(num_modules=1, num_branches=2, block='BASIC', num_blocks=(4, 4), num_channels=(48, 96)),
            stage3=dict(num_modules=4, num_branches=3, block='BASIC', num_blocks=(4, 4, 4), num_channels=(48, 96, 192)),
            stage4=dict(
                num_modules=3, num_branches=4, block='BASIC', num_blocks=(4, 4, 4, 4), num_channels=(48, 96, 192, 384)
            ),
        ),
    ),
    head=dict(type='DCPoseHead', in_channels=48, dilations=(3, 6, 9, 12, 15), decoder=codec),
    test_cfg=dict(flip_test=False, flip_mode='heatmap', shift_heatmap=True),
)

meta_keys = (
    'id',
    'img_id',
    'img_path',
    'category_id',
    'ori_shape',
    'img_shape',
    'input_size',
    'input_center',
    'input_scale',
    'flip',
    'flip_direction',
    'flip_indices',
    'raw_ann_info',
    'dataset_name',
    'frame_margins',
)
train_pipeline = [
    dict(type='LoadImage'),
    dict(type='LoadNeighbours', frame_offsets=(-1, 0, 1)),
    dict(type='GetBBoxCenterScale', padding=1.25),
    dict(type='RandomFlip', prob=0.5),
    dict(type='RandomHalfBody', padding=1.5, prob=0.3, upper_prioritized_prob=0.6915),
    dict(type='RandomScaleRotation', scale_factor=0.35, rotation_factor=45.0, rotation_prob=0.6),
    dict(type='TopdownAffine', input_size=codec['input_size']),
    dict(type='HideJointsOutside'),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs', meta_keys=meta_keys),
]
test_pipeline = [
    dict(type='LoadImage'),
    dict(type='LoadNeighbours', frame_offsets=(-1, 0, 1)),
    dict(type='GetBBoxCenterScale', padding=1.25),
    dict(type='TopdownAffine', input_size=codec['input_size']),
    dict(type='PackPoseInputs', meta_keys=meta_keys),
]
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=train_pipeline))  # on each of 2 GPUs
auto_scale_lr = dict(base_batch_size=64, enable=False)
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))

optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
param_scheduler = [dict(type='MultiStepLR', milestones=[5, 9, 13, 17], gamma=0.1, by_epoch=True)]
