"""Human3.6M for temporal lifters: the hourglass's 2D as viewing rays, and what its camera saw in space."""

from typing import Optional, Sequence

import numpy as np
import torch
from mmpose.registry import DATASETS

from pipeline.errors import InputError
from pipeline.training.batches.drawn_batches import DrawnBatches, cached_arrays, float_tensor
from pipeline.training.sequences.lifting_sequences import LiftingSequences
from pipeline.training.sources import h36m

_STEP = 2  # of the 50 frames a second


@DATASETS.register_module()
class HourglassLiftingBatches(DrawnBatches):
    """Item i is a complete batch of windows at 25 frames a second. Collate with ``first_item``, ``batch_size=1``.

    Half of the windows are mirrored: rays and poses about x = 0.

    Args:
        folder: of the Human3.6M pairs.
        subjects: to train on.
        window: ``T``.
        batch_size: ``B``.
        num_batches: batches of an epoch.
        noise: standard deviation of what is added to rays, in rad; it keeps from learning the pictures by heart.
        cache: folder for the prepared arrays.
        seed: of everything random.

    Raises:
        InputError: if a file is missing or there are no recordings of ``2 T`` frames.
    """

    def __init__(
        self,
        folder: str,
        subjects: Sequence[str] = h36m.TRAIN_SUBJECTS,
        window: int = 64,
        batch_size: int = 32,
        num_batches: int = 50,
        noise: float = 0.001,
        cache: Optional[str] = None,
        seed: int = 0,
    ):
        def build() -> dict:
            rays, targets = zip(*((rays_of(r), targets_of(r)) for r in h36m.load_recordings(folder, subjects)))
            return dict(
                rays=np.concatenate(rays), targets=np.concatenate(targets), lengths=np.array([len(r) for r in rays])
            )

        key = dict(kind='hourglass-lifting-1', folder=folder, subjects=list(subjects))
        arrays = cached_arrays(cache, key, build)
        self.rays, self.targets, lengths = arrays['rays'], arrays['targets'], arrays['lengths']
        starts = np.cumsum(lengths) - lengths
        self.room = lengths - _STEP * (window - 1)
        self.starts, self.room = starts[self.room > 0], self.room[self.room > 0]
        if not len(self.starts):
            raise InputError(f'{folder}: no recording of {", ".join(subjects)} has {_STEP * window} frames')
        super().__init__(num_batches, seed)
        self.window, self.batch_size, self.noise = window, batch_size, noise

    def draw(self, rng: np.random.Generator) -> dict:
        """``inputs``: rays ``(B, T, 16, 2)``, scores ``(B, T, 16)``; ``data_samples``: target ``(B, T, 17, 3)`` m and
        its weight."""
        chosen = rng.choice(len(self.starts), self.batch_size, p=self.room / self.room.sum())
        first = self.starts[chosen] + (rng.random(self.batch_size) * self.room[chosen]).astype(int)
        frames = first[:, None] + _STEP * np.arange(self.window)
        rays, target = self.rays[frames], self.targets[frames]
        mirrored = (rng.random(self.batch_size) < 0.5)[:, None, None, None]
        rays = np.where(mirrored, rays[:, :, list(h36m.MPII_FLIP)] * np.float32([-1, 1]), rays)
        target = np.where(mirrored, target[:, :, list(h36m.H36M_FLIP)] * np.float32([-1, 1, 1]), target)
        rays = rays + rng.normal(0, self.noise, rays.shape).astype(np.float32)
        return _item(rays, target)


@DATASETS.register_module()
class HourglassLiftingSequences(LiftingSequences):
    """Item i is every second frame of a whole recording, as a window of :class:`HourglassLiftingBatches`."""

    def item(self, recording: h36m.Recording) -> dict:
        """Rays, scores and target as that class has them, ``B`` = 1."""
        return _item(rays_of(recording)[None, ::_STEP], targets_of(recording)[None, ::_STEP])


def rays_of(recording: h36m.Recording) -> np.ndarray:
    """The hourglass's joints as directions, ``(T, 16, 2)`` float32."""
    return recording.camera.rays(recording.estimate).astype(np.float32)


def targets_of(recording: h36m.Recording) -> np.ndarray:
    """The truth in the camera's frame relative to the pelvis, ``(T, 17, 3)`` float32 m."""
    return h36m.camera_poses(recording) / 1000


def _item(rays: np.ndarray, target: np.ndarray) -> dict:
    return dict(
        inputs=dict(rays=float_tensor(rays), scores=torch.ones(rays.shape[:3])),
        data_samples=dict(target=float_tensor(target), target_weight=torch.ones(target.shape[:3])),
    )
