"""DCPose: deep dual consecutive network for human pose estimation (Liu et al., CVPR 2021).

MMPose's HRNet -> :class:`DCPoseHead`, in a :class:`pipeline.models.multiframe.MultiFrameEstimator`.
"""
import pipeline.compat  # noqa: F401  (before anything of MMPose)
import pipeline.models.multiframe  # noqa: F401
from pipeline.models.dcpose.codec import QuarterShiftHeatmap
from pipeline.models.dcpose.head import DCPoseHead
from pipeline.models.dcpose.loss import WeightedHeatmapLoss

__all__ = ['DCPoseHead', 'QuarterShiftHeatmap', 'WeightedHeatmapLoss']
