"""BlazePose (full landmark model) as a top-down estimator of MMPose, by itself and fused with others."""

from pipeline.networks.estimators.blazepose.estimator import BlazePoseEstimator
from pipeline.networks.estimators.blazepose.fused import FusedEstimator
from pipeline.networks.estimators.blazepose.transforms import BlazePoseCrop, PackBlazePoseInputs

__all__ = ['BlazePoseCrop', 'BlazePoseEstimator', 'FusedEstimator', 'PackBlazePoseInputs']
