"""HRNet-W32 (Sun et al. 2019), 256x192, behind RTMDet-m: accurate; for a GPU, or for patience."""

detector = dict(config='configs/detectors/rtmdet-m-person_640.py', checkpoint='asset:rtmdet-m-person', score_thr=0.3)
estimator = dict(
    config='mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_hrnet-w32_8xb64-210e_coco-256x192.py',
    checkpoint='asset:hrnet-w32-coco',
    flip_test=False,
)  # averaging over the mirror image takes twice the time
tracker = dict()
refiner = dict(type='hanet')
