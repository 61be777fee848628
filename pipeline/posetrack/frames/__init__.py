"""PoseTrack for estimators of several frames: people with the frames around them, augmented as published."""

from pipeline.posetrack.frames.dataset import PoseTrackFrames
from pipeline.posetrack.frames.transforms import HideJointsOutside, LoadNeighbours, RandomScaleRotation

__all__ = ['HideJointsOutside', 'LoadNeighbours', 'PoseTrackFrames', 'RandomScaleRotation']
