"""SimpleBaseline with ResNet-50 on PoseTrack17, from COCO."""

_base_ = './td-hm_res152_20e_posetrack17-384x288.py'

load_from = (
    'https://download.openmmlab.com/mmpose/v1/body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_res50_8xb64-210e_coco-384x288-7b8db90e_20220923.pth'
)
model = dict(backbone=dict(depth=50))
