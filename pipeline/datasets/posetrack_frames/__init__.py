"""PoseTrack for estimators of several frames: people with the frames around them, augmented as published."""
import pipeline.compat  # noqa: F401  (before anything of MMPose)
from pipeline.datasets.posetrack_frames.dataset import PoseTrackFrames
from pipeline.datasets.posetrack_frames.transforms import HideJointsOutside, LoadNeighbours, RandomScaleRotation

__all__ = ['HideJointsOutside', 'LoadNeighbours', 'PoseTrackFrames', 'RandomScaleRotation']
