"""Human3.6M for temporal lifters: the hourglass's 2D as viewing rays, and what its camera saw in space."""

from typing import Optional, Sequence

import numpy as np
import torch
from mmpose.registry import DATASETS

from pipeline.training.batches.drawn_batches import float_tensor
from pipeline.training.batches.hourglass_windows import HourglassWindows, rays_of, targets_of
from pipeline.training.sequences.lifting_sequences import LiftingSequences
from pipeline.training.sources import h36m

_STEP = 2  # of the 50 frames a second


@DATASETS.register_module()
class HourglassLiftingBatches(HourglassWindows):
    """Item i is a complete batch of windows at 25 frames a second. Collate with ``first_item``, ``batch_size=1``.

    Args:
        noise: standard deviation of what is added to rays, in rad; it keeps from learning the pictures by heart.
        folder, subjects, window, batch_size, num_batches, proportions, stature, turn, cache, seed: of
            :class:`HourglassWindows`.

    Raises:
        InputError: as there.
    """

    def __init__(
        self,
        folder: str,
        subjects: Sequence[str] = h36m.TRAIN_SUBJECTS,
        window: int = 64,
        batch_size: int = 32,
        num_batches: int = 50,
        noise: float = 0.001,
        proportions: float = 0.0,
        stature: float = 0.0,
        turn: float = 0.0,
        cache: Optional[str] = None,
        seed: int = 0,
    ):
        super().__init__(
            folder, subjects, window, _STEP, batch_size, num_batches, proportions, stature, turn, cache, seed
        )
        self.noise = noise

    def draw(self, rng: np.random.Generator) -> dict:
        """``inputs``: rays ``(B, T, 16, 2)``, scores ``(B, T, 16)``; ``data_samples``: target ``(B, T, 17, 3)`` m and
        its weight."""
        seen = self.half_mirrored(self.as_others(self.recorded(self.batch_size, rng), rng), rng)
        rays = seen.rays + rng.normal(0, self.noise, seen.rays.shape).astype(np.float32)
        return _item(rays, seen.poses)


@DATASETS.register_module()
class HourglassLiftingSequences(LiftingSequences):
    """Item i is every second frame of a whole recording, as a window of :class:`HourglassLiftingBatches`."""

    def item(self, recording: h36m.Recording) -> dict:
        """Rays, scores and target as that class has them, ``B`` = 1."""
        return _item(rays_of(recording)[None, ::_STEP], targets_of(recording)[None, ::_STEP])


def _item(rays: np.ndarray, target: np.ndarray) -> dict:
    return dict(
        inputs=dict(rays=float_tensor(rays), scores=torch.ones(rays.shape[:3])),
        data_samples=dict(target=float_tensor(target), target_weight=torch.ones(target.shape[:3])),
    )
