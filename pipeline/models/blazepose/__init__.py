"""BlazePose (full landmark model) as a top-down estimator of MMPose."""
from pipeline.models.blazepose.estimator import BlazePoseEstimator
from pipeline.models.blazepose.transforms import BlazePoseCrop, PackBlazePoseInputs

__all__ = ['BlazePoseCrop', 'BlazePoseEstimator', 'PackBlazePoseInputs']
