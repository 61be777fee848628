"""Losses of temporal refiners, all of one signature.

``loss(final, refined, target, target_weight, sampled) -> dict`` with ``final``,
``refined`` and ``target`` of shape ``(B, T, K, D)``, ``target_weight`` ``(B, T, K)``
from 0 (not annotated) up, and ``sampled`` ``(T,)`` bool, true where ``refined`` is
a pose. Entries of the dictionary are scalars that MMEngine sums. A loss with ``reads_width`` is also given
``log_width`` ``(B, T, K)``, which a network must have then.
"""

from pipeline.training.losses.hanet_loss import HANetLoss
from pipeline.training.losses.temporal_losses import (
    AccelerationLoss,
    BoneLengthLoss,
    DistanceLoss,
    WeightedL1Loss,
    WidthLoss,
)

__all__ = ['AccelerationLoss', 'BoneLengthLoss', 'DistanceLoss', 'HANetLoss', 'WeightedL1Loss', 'WidthLoss']
