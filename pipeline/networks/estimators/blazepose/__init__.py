"""BlazePose (full landmark model) as a top-down estimator of MMPose."""

from pipeline.networks.estimators.blazepose.estimator import BlazePoseEstimator
from pipeline.networks.estimators.blazepose.transforms import BlazePoseCrop, PackBlazePoseInputs

__all__ = ['BlazePoseCrop', 'BlazePoseEstimator', 'PackBlazePoseInputs']
