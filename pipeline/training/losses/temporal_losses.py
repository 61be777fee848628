"""Plain losses for any temporal network, to be used alone or added to another."""

from typing import Dict, Optional, Sequence, Tuple

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn

from pipeline.errors import InputError


def weighted_mean(values: Tensor, weight: Tensor) -> Tensor:
    """Mean of ``values`` by ``weight`` of the same shape; 0 where there is no weight."""
    return (values * weight).sum() / weight.sum().clamp(min=1e-6)


@MODELS.register_module()
class WeightedL1Loss(nn.Module):
    """Mean absolute error of annotated joints, the loss of SmoothNet and DeciWatch.

    Args:
        final_weight: weight of the final poses' error (DeciWatch's lambda, 5 there).
        refined_weight: weight of the refined poses' error on sampled frames (1 in DeciWatch).
    """

    def __init__(self, final_weight: float = 1.0, refined_weight: float = 0.0):
        super().__init__()
        self.final_weight, self.refined_weight = final_weight, refined_weight

    def forward(
        self, final: Tensor, refined: Tensor, target: Tensor, target_weight: Tensor, sampled: Tensor
    ) -> Dict[str, Tensor]:
        """Shapes as in :mod:`pipeline.training.losses`."""
        error = weighted_mean((final - target).abs().mean(-1), target_weight)
        losses = {'loss_final': self.final_weight * error}
        if self.refined_weight:
            error = weighted_mean((refined - target).abs().mean(-1), target_weight * sampled[:, None])
            losses['loss_refined'] = self.refined_weight * error
        return losses


@MODELS.register_module()
class DistanceLoss(nn.Module):
    """Mean Euclidean distance of annotated joints, which is what MPJPE and the mean error in px measure.

    Args:
        joint_weights: ``K`` factors on the joints' weights; 1 everywhere by default.
        final_weight: weight of the final poses' distance.
        refined_weight: weight of the refined poses' distance on sampled frames.
    """

    def __init__(
        self, joint_weights: Optional[Sequence[float]] = None, final_weight: float = 1.0, refined_weight: float = 1.0
    ):
        super().__init__()
        weights = None if joint_weights is None else torch.tensor(joint_weights, dtype=torch.float32)
        self.register_buffer('joint_weights', weights, persistent=False)
        self.final_weight, self.refined_weight = final_weight, refined_weight

    def forward(
        self, final: Tensor, refined: Tensor, target: Tensor, target_weight: Tensor, sampled: Tensor
    ) -> Dict[str, Tensor]:
        """Shapes as in :mod:`pipeline.training.losses`."""
        weight = target_weight if self.joint_weights is None else target_weight * self.joint_weights
        losses = {'loss_final': self.final_weight * weighted_mean(_distance(final, target), weight)}
        if self.refined_weight:
            distance = weighted_mean(_distance(refined, target), weight * sampled[:, None])
            losses['loss_refined'] = self.refined_weight * distance
        return losses


@MODELS.register_module()
class AccelerationLoss(nn.Module):
    """Mean absolute error of second differences over three annotated frames (SmoothNet, Eq. 6).

    Args:
        weight: of this loss.
        strides: frames between the three, each with its own mean, which are averaged. Beside 1, the frames in a
            row, longer ones see trembling that takes several frames.

    Raises:
        InputError: if a stride is not from 1 up.
    """

    def __init__(self, weight: float = 1.0, strides: Sequence[int] = (1,)):
        super().__init__()
        if not strides or min(strides) < 1:
            raise InputError(f'strides {list(strides)}: numbers of frames from 1 up are needed')
        self.weight, self.strides = weight, tuple(strides)

    def forward(
        self, final: Tensor, refined: Tensor, target: Tensor, target_weight: Tensor, sampled: Tensor
    ) -> Dict[str, Tensor]:
        """Shapes as in :mod:`pipeline.training.losses`."""
        means = [self._mean(final - target, target_weight, stride) for stride in self.strides]
        return {'loss_acceleration': self.weight * sum(means) / len(means)}

    @staticmethod
    def _mean(error: Tensor, weight: Tensor, stride: int) -> Tensor:
        second = (error[:, 2 * stride :] - 2 * error[:, stride:-stride] + error[:, : -2 * stride]).abs().mean(-1)
        weight = torch.stack([weight[:, 2 * stride :], weight[:, stride:-stride], weight[:, : -2 * stride]])
        return weighted_mean(second, weight.amin(dim=0))  # second: (B, T - 2 stride, K)


@MODELS.register_module()
class WidthLoss(nn.Module):
    """Negative log likelihood of the final poses' errors under the widths that a network claims.

    An error of length ``r`` in the plane has the density ``exp(-r / b) / (2 pi b²)``, whose tails are those of
    estimators' errors; ``b`` is the width, and ``2 b`` the distance to expect.

    Args:
        weight: of this loss.
    """

    reads_width = True

    def __init__(self, weight: float = 1.0):
        super().__init__()
        self.weight = weight

    def forward(
        self,
        final: Tensor,
        refined: Tensor,
        target: Tensor,
        target_weight: Tensor,
        sampled: Tensor,
        log_width: Tensor,
    ) -> Dict[str, Tensor]:
        """Shapes as in :mod:`pipeline.training.losses`; ``log_width`` ``(B, T, K)``. Poses get no gradient."""
        distance = _distance(final.detach(), target)
        likelihood = 2 * log_width + distance * (-log_width).exp()
        # what a weight emphasises in the poses must not count as more certain here
        return {'loss_width': self.weight * weighted_mean(likelihood, (target_weight > 0).float())}


@MODELS.register_module()
class BoneLengthLoss(nn.Module):
    """Mean absolute error of limb lengths.

    Args:
        links: joint index pairs, one per limb.
        weight: of this loss.
    """

    def __init__(self, links: Sequence[Tuple[int, int]], weight: float = 1.0):
        super().__init__()
        self.register_buffer('links', torch.as_tensor(links, dtype=torch.long).T, persistent=False)
        self.weight = weight

    def forward(
        self, final: Tensor, refined: Tensor, target: Tensor, target_weight: Tensor, sampled: Tensor
    ) -> Dict[str, Tensor]:
        """Shapes as in :mod:`pipeline.training.losses`."""
        error = (self._lengths(final) - self._lengths(target)).abs()
        start, end = self.links
        weight = torch.minimum(target_weight[:, :, start], target_weight[:, :, end])
        return {'loss_bone': self.weight * weighted_mean(error, weight)}

    def _lengths(self, keypoints: Tensor) -> Tensor:
        """``(B, T, K, D) -> (B, T, L)``."""
        start, end = self.links
        return _distance(keypoints[:, :, start], keypoints[:, :, end])


def _distance(poses: Tensor, others: Tensor) -> Tensor:
    """``(B, T, K, D)`` twice -> ``(B, T, K)``; the small constant keeps the gradient finite at distance 0."""
    return ((poses - others).square().sum(-1) + 1e-12).sqrt()
