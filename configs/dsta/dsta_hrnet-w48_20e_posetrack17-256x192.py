"""DSTA with HRNet-W48 on PoseTrack17. The published code has ResNet-50 only: how the four maps of HRNet
become a feature (pooled, concatenated) is this project's choice."""

_base_ = './dsta_res50_20e_posetrack17-256x192.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='HRNet',
        in_channels=3,
        extra=dict(
            stage1=dict(num_modules=1, num_branches=1, block='BOTTLENECK', num_blocks=(4,), num_channels=(64,)),
            stage2=dict(num_modules=1, num_branches=2, block='BASIC', num_blocks=(4, 4), num_channels=(48, 96)),
            stage3=dict(num_modules=4, num_branches=3, block='BASIC', num_blocks=(4, 4, 4), num_channels=(48, 96, 192)),
            stage4=dict(
                num_modules=3,
                num_branches=4,
                block='BASIC',
                num_blocks=(4, 4, 4, 4),
                num_channels=(48, 96, 192, 384),
                multiscale_output=True,
            ),
        ),
        init_cfg=dict(
            type='Pretrained',
            prefix='backbone.',
            checkpoint=(
                'https://download.openmmlab.com/mmpose/v1/body_2d_keypoint/topdown_heatmap/coco/'
                'td-hm_hrnet-w48_8xb32-210e_coco-256x192-0e67c616_20220913.pth'
            ),
        ),
    ),
    neck=dict(in_channels=[48, 96, 192, 384]),
)
