"""SimpleBaseline with ResNet-50 (Xiao et al. 2018), 256x192, behind RTMDet-m: as in HANet's 2D experiments."""

detector = dict(config='configs/detectors/rtmdet-m-person_640.py', checkpoint='asset:rtmdet-m-person', score_thr=0.3)
estimator = dict(
    config='mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_res50_8xb64-210e_coco-256x192.py',
    checkpoint='asset:simplebaseline-r50-coco',
    flip_test=False,
)  # averaging over the mirror image takes twice the time
tracker = dict()
refiner = dict(type='hanet')
