"""What pip alone can bring, for two CPU cores: MoveNet finds people, BlazePose and MoveNet look at each of them."""

detector = dict(config='configs/detectors/movenet_multipose_512.py', score_thr=0.1)
estimator = dict(config='configs/estimators/fused_coco17.py', more_points='configs/estimators/fused_blazepose33.py')
tracker = dict()
refiner = dict(type='hanet')
detect_every = '0.2s'
