"""DSTA with ResNet-50 on PoseTrack17 (He and Yang, CVPR 2024); the backbone from RLE on COCO."""

_base_ = '../_base_/posetrack17.py'

codec = dict(type='RegressionLabel', input_size=(192, 256))
model = dict(
    type='DSTA',
    data_preprocessor=dict(
        type='FramesDataPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], bgr_to_rgb=True
    ),
    backbone=dict(
        type='ResNet',
        depth=50,
        init_cfg=dict(
            type='Pretrained',
            prefix='backbone.',
            checkpoint=(
                'https://download.openmmlab.com/mmpose/v1/body_2d_keypoint/topdown_regression/coco/'
                'td-reg_res50_rle-pretrained-8xb64-210e_coco-256x192-2cb494ee_20220913.pth'
            ),
        ),
    ),
    neck=dict(type='JointTokens', in_channels=2048),
    head=dict(type='DSTAHead', decoder=codec),
    test_cfg=dict(flip_test=False, shift_coords=True),
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
    dict(type='GenerateTarget', encoder=codec, use_dataset_keypoint_weights=True),
    dict(type='PackPoseInputs', meta_keys=meta_keys),
]
test_pipeline = [
    dict(type='LoadImage'),
    dict(type='LoadNeighbours', frame_offsets=(-1, 0, 1)),
    dict(type='GetBBoxCenterScale', padding=1.25),
    dict(type='TopdownAffine', input_size=codec['input_size']),
    dict(type='PackPoseInputs', meta_keys=meta_keys),
]
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))

optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=5e-5, weight_decay=0.01))
# as published the schedule is stepped after each epoch, so a milestone acts one epoch later: 11 and 16
param_scheduler = [dict(type='MultiStepLR', milestones=[11, 16], gamma=0.1, by_epoch=True)]
