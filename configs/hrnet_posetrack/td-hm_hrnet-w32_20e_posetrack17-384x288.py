"""HRNet-W32 on PoseTrack17, from COCO."""

_base_ = './td-hm_hrnet-w48_20e_posetrack17-384x288.py'

load_from = (
    'https://download.openmmlab.com/mmpose/v1/body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_hrnet-w32_8xb64-210e_coco-384x288-ca5956af_20220909.pth'
)
model = dict(
    backbone=dict(
        extra=dict(
            stage2=dict(num_channels=(32, 64)),
            stage3=dict(num_channels=(32, 64, 128)),
            stage4=dict(num_channels=(32, 64, 128, 256)),
        )
    ),
    head=dict(in_channels=32),
)
