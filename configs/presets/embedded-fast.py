"""As `embedded`, with BlazePose alone to look at each person: two thirds of the time, less exact."""

detector = dict(config='configs/detectors/movenet_multipose_512.py', score_thr=0.1)
estimator = dict(
    config='configs/estimators/blazepose_full_coco17.py', more_points='configs/estimators/blazepose_full_blazepose33.py'
)
tracker = dict()
refiner = dict(type='hanet')
detect_every = '0.2s'
