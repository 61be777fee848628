"""HRNet-W48 (Sun et al. 2019), 384x288, behind RTMDet-m: the most accurate preset, and the slowest."""

detector = dict(config='configs/detectors/rtmdet-m-person_640.py', checkpoint='asset:rtmdet-m-person', score_thr=0.3)
estimator = dict(
    config='mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_hrnet-w48_8xb32-210e_coco-384x288.py',
    checkpoint='asset:hrnet-w48-coco',
    flip_test=False,
)  # averaging over the mirror image takes twice the time
tracker = dict()
refiner = dict(type='hanet')
