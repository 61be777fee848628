"""RTMDet-m, one class (person), 640x640; weights: asset:rtmdet-m-person."""

_base_ = 'mmdet::rtmdet/rtmdet_m_8xb32-300e_coco.py'

model = dict(
    bbox_head=dict(num_classes=1),
    test_cfg=dict(nms_pre=1000, score_thr=0.05, nms=dict(type='nms', iou_threshold=0.6), max_per_img=100),
)

test_dataloader = dict(dataset=dict(metainfo=dict(classes=('person',))))
