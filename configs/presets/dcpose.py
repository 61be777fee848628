"""DCPose (Liu et al. 2021), HRNet-W48 at 384x288 on three frames, PoseTrack's 17 joints, behind RTMDet-m."""

detector = dict(config='configs/detectors/rtmdet-m-person_640.py', checkpoint='asset:rtmdet-m-person', score_thr=0.3)
estimator = dict(
    config='configs/dcpose/dcpose_hrnet-w48_20e_posetrack17-384x288.py',
    checkpoint='checkpoints/dcpose_posetrack17.pth',
    checkpoint_from='its authors publish the weights on Google Drive only: take the PoseTrack17 checkpoint from '
    'github.com/Pose-Group/DCPose and run: python tools/convert_checkpoint.py dcpose DOWNLOADED '
    'checkpoints/dcpose_posetrack17.pth',
)
tracker = dict(agility=3.0, velocity_memory=0.7)  # what won on annotated tracks: docs/posetrack.md
refiner = dict(type='hanet')  # pipeline/weights/hanet_posetrack15.pth; the ears stay as they are
