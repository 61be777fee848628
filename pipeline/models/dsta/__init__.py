"""DSTA: video-based human pose regression by decoupled space-time aggregation (He and Yang, CVPR 2024).

Backbone (MMPose's ResNet or HRNet, or the :class:`ViT` here) -> :class:`JointTokens` -> :class:`DSTAHead`,
in a :class:`DSTA`.
"""
import pipeline.compat  # noqa: F401  (before anything of MMPose)
from pipeline.models.dsta.estimator import DSTA
from pipeline.models.dsta.head import DSTAHead
from pipeline.models.dsta.loss import ResidualLogLikelihoodLoss
from pipeline.models.dsta.neck import JointTokens
from pipeline.models.dsta.vit import ViT

__all__ = ['DSTA', 'DSTAHead', 'JointTokens', 'ResidualLogLikelihoodLoss', 'ViT']
