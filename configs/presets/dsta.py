"""DSTA (He and Yang 2024), ResNet-50 at 256x192 on three frames, PoseTrack's 17 joints, behind RTMDet-m."""

detector = dict(config='configs/detectors/rtmdet-m-person_640.py', checkpoint='asset:rtmdet-m-person', score_thr=0.3)
estimator = dict(
    config='configs/dsta/dsta_res50_20e_posetrack17-256x192.py',
    checkpoint='checkpoints/dsta_posetrack17.pth',
    checkpoint_from='its authors publish the weights on Google Drive only: take the checkpoint from '
    'drive.google.com/drive/folders/10O1JWFOyMSf5X2glQdMXf2v26CyCrRel and run: '
    'python tools/convert_checkpoint.py dsta DOWNLOADED checkpoints/dsta_posetrack17.pth',
)
tracker = dict(agility=3.0, velocity_memory=0.7)  # what won on annotated tracks: docs/posetrack.md
refiner = dict(type='hanet')  # pipeline/weights/hanet_posetrack15.pth; the ears stay as they are
