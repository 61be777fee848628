"""As `embedded`, with MoveNet on each person's square beside BlazePose: about twice the time per person."""

detector = dict(config='configs/detectors/movenet_multipose_512.py', score_thr=0.1)
estimator = dict(config='configs/estimators/fused_coco17.py')
tracker = dict()
refiner = dict(type='hanet')
detect_every = 3
