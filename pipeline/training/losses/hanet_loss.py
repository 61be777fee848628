"""HANet's loss: weighted L1 with a hard-keypoint term, and online mutual learning.

Paper and published code disagree; both are here, under their names:

========================  ==============================  ====================================
step                      'paper' (Eq. 9 to 11)           'published'
========================  ==============================  ====================================
unit of the hard term     joints, the worse half          channels (x and y apart), 2 (C // 4)
weight of the hard term   lambda = 0.5                    1
visibility                weighs every distance           not known
mutual learning           the better of the two outputs   both outputs towards each other; the
                          teaches the other, per joint    choice has no effect there
mean over                 annotated joints and frames     all frames, for sampled-only sums too
========================  ==============================  ====================================
"""

from typing import Dict, Optional, Sequence

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn

from pipeline.errors import InputError

VARIANTS = ('paper', 'published')
NORMS = {'l1': torch.abs, 'l2': torch.square}


@MODELS.register_module()
class HANetLoss(nn.Module):
    """Distances of both outputs to the truth and to each other.

    Args:
        variant: 'paper' or 'published', see the table above.
        final_weight: lambda_s of Eq. 11 (``LAMADA`` in published configs).
        refined_weight: weight of the refined pose's distance to the truth.
        mutual_weight: weight of online mutual learning; 0 switches it off.
        hard_weight: weight of the hard term; by default that of the variant.
        mutual_norms: 'l1', 'l2' or both (paper, Table 4); variant 'paper' only.

    Raises:
        InputError: for an unknown variant or norm.
    """

    def __init__(
        self,
        variant: str = 'paper',
        final_weight: float = 1.0,
        refined_weight: float = 1.0,
        mutual_weight: float = 1.0,
        hard_weight: Optional[float] = None,
        mutual_norms: Sequence[str] = ('l1',),
    ):
        super().__init__()
        if variant not in VARIANTS:
            raise InputError(f'loss variant {variant!r} is unknown: allowed are {", ".join(VARIANTS)}')
        if not set(mutual_norms) <= set(NORMS):
            raise InputError(f'mutual_norms {list(mutual_norms)}: allowed are {", ".join(NORMS)}')
        self.variant, self.mutual_norms = variant, tuple(mutual_norms)
        self.final_weight, self.refined_weight = final_weight, refined_weight
        self.mutual_weight = mutual_weight
        self.hard_weight = (0.5 if variant == 'paper' else 1.0) if hard_weight is None else hard_weight

    def forward(
        self, final: Tensor, refined: Tensor, target: Tensor, target_weight: Tensor, sampled: Tensor
    ) -> Dict[str, Tensor]:
        """Shapes as in :mod:`pipeline.training.losses`; the losses of Eq. 11 by name."""
        compute = self._paper if self.variant == 'paper' else self._published
        return compute(final, refined, target, target_weight, sampled)

    def _paper(self, final, refined, target, weight, sampled):
        weight_sampled = weight * sampled[:, None]
        refined_distances = joint_distances(refined, target, weight_sampled)  # (K,)
        losses = {
            'loss_final': self.final_weight * self._weighted(joint_distances(final, target, weight)),
            'loss_refined': self.refined_weight * self._weighted(refined_distances),
        }
        if self.mutual_weight:
            # both are judged on the frames where both are poses
            final_better = (joint_distances(final, target, weight_sampled) < refined_distances)[:, None]
            teacher = torch.where(final_better, final, refined).detach()
            pupil = torch.where(final_better, refined, final)
            distances = [joint_distances(pupil, teacher, weight_sampled, norm) for norm in self.mutual_norms]
            losses['loss_mutual'] = self.mutual_weight * sum(map(self._weighted, distances))
        return losses

    def _weighted(self, distances: Tensor) -> Tensor:
        """Eq. 9 from ``(K,)`` distances: their mean, and the mean of the worse half."""
        hardest = distances.topk(max(len(distances) // 2, 1)).values
        return distances.mean() + self.hard_weight * hardest.mean()

    def _published(self, final, refined, target, weight, sampled):
        sampled = sampled[:, None, None]
        count = final.numel()
        parts = {
            'loss_final': self.final_weight * (final - target).abs(),
            'loss_refined': self.refined_weight * (refined - target).abs() * sampled,
            'loss_mutual': self.mutual_weight * (final - refined).abs() * sampled,
        }
        channels = {name: part.sum(dim=(0, 1)).flatten() / count for name, part in parts.items()}  # (C,)
        total = sum(channels.values())
        hardest = total.topk(max(2 * (len(total) // 4), 1)).values
        return {**{name: part.sum() for name, part in channels.items()}, 'loss_hard': self.hard_weight * hardest.mean()}


def joint_distances(prediction: Tensor, target: Tensor, weight: Tensor, norm: str = 'l1') -> Tensor:
    """Distance per joint, summed over coordinates, meaned over annotated frames.

    The mean is over the frames that an average joint is annotated in, so that every
    annotated joint counts the same, however sparse the annotation.

    Args:
        prediction, target: ``(B, T, K, D)``.
        weight: ``(B, T, K)``, from 0 up.
        norm: 'l1', or 'l2' for squares.

    Returns:
        ``(K,)``.
    """
    distance = NORMS[norm](prediction - target).sum(dim=-1) * weight
    return distance.sum(dim=(0, 1)) / weight.sum(dim=(0, 1)).mean().clamp(min=1e-6)
