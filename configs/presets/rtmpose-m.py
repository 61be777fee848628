"""RTMPose-m (Jiang et al. 2023), 256x192, behind RTMDet-nano: the best there is for its time, on CPUs too."""

detector = dict(
    config='configs/detectors/rtmdet-nano-person_640.py', checkpoint='asset:rtmdet-nano-person', score_thr=0.3
)
estimator = dict(
    config='mmpose::body_2d_keypoint/rtmpose/body8/rtmpose-m_8xb256-420e_body8-256x192.py',
    checkpoint='asset:rtmpose-m-body7',
    flip_test=False,
)  # averaging over the mirror image takes twice the time
tracker = dict()
refiner = dict(type='hanet')
