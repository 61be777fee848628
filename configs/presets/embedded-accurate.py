"""As `embedded`, with all that raises accuracy: larger, mirrored, and looking for people in every frame."""

detector = dict(config='configs/detectors/movenet_multipose_512.py', score_thr=0.1)
estimator = dict(
    config='configs/estimators/fused-accurate_coco17.py', more_points='configs/estimators/fused-accurate_blazepose33.py'
)
tracker = dict()
refiner = dict(type='hanet')
detect_every = 1
