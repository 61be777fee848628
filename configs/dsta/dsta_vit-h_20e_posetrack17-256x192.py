"""DSTA with ViT-H on PoseTrack17, the backbone from ViTPose on COCO. The published code has ResNet-50 only."""

_base_ = './dsta_res50_20e_posetrack17-256x192.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='ViT',
        img_size=(256, 192),
        dim=1280,
        depth=32,
        num_heads=16,
        drop_path=0.55,
        init_cfg=dict(
            type='Pretrained',
            prefix='backbone.',
            checkpoint=(
                'https://download.openmmlab.com/mmpose/v1/body_2d_keypoint/topdown_heatmap/coco/'
                'td-hm_ViTPose-huge_8xb64-210e_coco-256x192-e32adcd4_20230314.pth'
            ),
        ),
    ),
    neck=dict(in_channels=1280),
)
train_dataloader = dict(batch_size=16)
