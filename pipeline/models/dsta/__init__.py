"""DSTA: video-based human pose regression by decoupled space-time aggregation (He and Yang, CVPR 2024).

Backbone (MMPose's ResNet or HRNet, or the :class:`ViT` here) -> :class:`JointTokens` -> :class:`DSTAHead`,
in a :class:`pipeline.models.multiframe.MultiFrameEstimator`.
"""
import pipeline.compat  # noqa: F401  (before anything of MMPose)
import pipeline.models.multiframe  # noqa: F401
from pipeline.models.dsta.head import DSTAHead
from pipeline.models.dsta.loss import ResidualLogLikelihoodLoss
from pipeline.models.dsta.neck import JointTokens
from pipeline.models.dsta.vit import ViT

__all__ = ['DSTAHead', 'JointTokens', 'ResidualLogLikelihoodLoss', 'ViT']
