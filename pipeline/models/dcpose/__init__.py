"""DCPose: deep dual consecutive network for human pose estimation (Liu et al., CVPR 2021).

MMPose's HRNet -> :class:`DCPoseHead`, in a :class:`DCPose`.
"""
import pipeline.compat  # noqa: F401  (before anything of MMPose)
from pipeline.models.dcpose.codec import QuarterShiftHeatmap
from pipeline.models.dcpose.estimator import DCPose
from pipeline.models.dcpose.head import DCPoseHead
from pipeline.models.dcpose.loss import WeightedHeatmapLoss

__all__ = ['DCPose', 'DCPoseHead', 'QuarterShiftHeatmap', 'WeightedHeatmapLoss']
