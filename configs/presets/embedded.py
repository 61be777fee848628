"""What pip alone can bring, in real time on two CPU cores: MoveNet finds people and seeds BlazePose."""

detector = dict(config='configs/detectors/movenet_multipose_512.py', score_thr=0.1)
estimator = dict(config='configs/estimators/blazepose_full_coco17.py')
tracker = dict()
refiner = dict(type='hanet')
detect_every = 3
