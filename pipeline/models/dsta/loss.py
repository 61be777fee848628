"""Residual log-likelihood estimation (RLE, Li et al., ICCV 2021) as DSTA uses it."""
import math

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn

from pipeline.models.dsta.flow import RealNVP


@MODELS.register_module()
class ResidualLogLikelihoodLoss(nn.Module):
    """Negative log-likelihood of the target under a flow times a fixed density.

    Per coordinate: ``log(sigma) - log(flow(error))`` with ``error = (coord - target) / sigma``, plus
    the fixed density's part ``log(sigma sqrt(2 pi)) + |target - coord| / (sqrt(2) sigma)``. MMPose's
    :class:`RLELoss` differs: prior mean 0 and ``log(2 sigma) + |error|``.

    Args:
        prior_mean: see :class:`RealNVP`.
        loss_weight: factor on the result.
    """

    def __init__(self, prior_mean: float = 0.5, loss_weight: float = 1.):
        super().__init__()
        self.flow = RealNVP(prior_mean)
        self.loss_weight = loss_weight

    def negative_log_flow(self, coords: Tensor, sigma: Tensor, target: Tensor) -> Tensor:
        """The flow's part, ``(B, K, 2)`` (all arguments ``(B, K, 2)``)."""
        error = (coords - target) / sigma
        log_phi = self.flow.log_prob(error.flatten(0, 1)).view(*error.shape[:2], 1)
        return sigma.log() - log_phi

    def forward(self, coords: Tensor, sigma: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Sum over joints and coordinates, mean over the batch.

        Args:
            coords: ``(B, K, 2)`` predicted, in units of the crop (0..1).
            sigma: ``(B, K, 2)`` in 0..1.
            target: ``(B, K, 2)`` like ``coords``.
            weight: ``(B, K)``; 0 where a joint is not annotated.
        """
        fixed = torch.log(sigma * math.sqrt(2 * math.pi)) + (target - coords).abs() / (math.sqrt(2) * sigma + 1e-9)
        loss = self.negative_log_flow(coords, sigma, target) + fixed
        return self.loss_weight * (loss * weight[..., None]).sum() / len(loss)
