"""SimpleBaseline with ResNet-152 on PoseTrack17 (Xiao et al., ECCV 2018), from COCO."""

_base_ = '../_base_/posetrack17_heatmap_384x288.py'

load_from = (
    'https://download.openmmlab.com/mmpose/v1/body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_res152_8xb32-210e_coco-384x288-7fbb906f_20220927.pth'
)
model = dict(
    type='TopdownPoseEstimator',
    data_preprocessor=dict(
        type='PoseDataPreprocessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], bgr_to_rgb=True
    ),
    backbone=dict(type='ResNet', depth=152),
    head=dict(
        type='HeatmapHead',
        in_channels=2048,
        out_channels=17,
        loss=dict(type='WeightedHeatmapLoss'),
        decoder={{_base_.codec}},
    ),
    test_cfg=dict(flip_test=False, flip_mode='heatmap', shift_heatmap=True),
)
