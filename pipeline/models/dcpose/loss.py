"""Heatmap loss with joint weights as DCPose uses it."""
from typing import Optional

import torch.nn.functional as F
from mmpose.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class WeightedHeatmapLoss(nn.Module):
    """Mean squared difference of weighted heatmaps, so that a weight acts squared.

    MMPose's :class:`KeypointMSELoss` weighs the squared difference instead: the same for weights of
    0 and 1 only.

    Args:
        loss_weight: factor on the result.
    """

    def __init__(self, loss_weight: float = 1.):
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, output: Tensor, target: Tensor, target_weights: Optional[Tensor] = None) -> Tensor:
        """``output`` and ``target`` ``(B, K, h, w)``, ``target_weights`` ``(B, K)``; joints of weight 0 count as 0."""
        if target_weights is not None:
            weight = target_weights[..., None, None]
            output, target = output * weight, target * weight
        return self.loss_weight * F.mse_loss(output, target)
