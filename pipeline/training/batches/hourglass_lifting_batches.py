"""Human3.6M for temporal lifters: the hourglass's 2D as viewing rays, and what its camera saw in space."""

from typing import Optional, Sequence

import numpy as np
import torch
from mmpose.registry import DATASETS

from pipeline.errors import InputError
from pipeline.training.augmentation.augment import other_proportions
from pipeline.training.batches.drawn_batches import DrawnBatches, cached_arrays, float_tensor
from pipeline.training.sequences.lifting_sequences import LiftingSequences
from pipeline.training.sources import h36m

_STEP = 2  # of the 50 frames a second


@DATASETS.register_module()
class HourglassLiftingBatches(DrawnBatches):
    """Item i is a complete batch of windows at 25 frames a second. Collate with ``first_item``, ``batch_size=1``.

    Half of the windows are mirrored: rays and poses about x = 0. With ``proportions`` and ``turn`` others stand before
    the camera, turned otherwise; the hourglass's errors stay what they were in the picture.

    Args:
        folder: of the Human3.6M pairs.
        subjects: to train on.
        window: ``T``.
        batch_size: ``B``.
        num_batches: batches of an epoch.
        noise: standard deviation of what is added to rays, in rad; it keeps from learning the pictures by heart.
        proportions: standard deviation of the logarithms of factors on the lengths of bones.
        turn: standard deviation of the angle, in rad, by which windows are turned about the vertical.
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
        proportions: float = 0.0,
        turn: float = 0.0,
        cache: Optional[str] = None,
        seed: int = 0,
    ):
        def build() -> dict:
            recordings = list(h36m.load_recordings(folder, subjects))
            return dict(
                rays=np.concatenate([rays_of(r) for r in recordings]),
                targets=np.concatenate([targets_of(r) for r in recordings]),
                places=np.concatenate([r.camera.to_camera(r.world[:, 0]).astype(np.float32) for r in recordings])
                / 1000,
                ups=np.stack([r.camera.rotation[:, 2] for r in recordings]).astype(np.float32),
                lengths=np.array([len(r.estimate) for r in recordings]),
            )

        key = dict(kind='hourglass-lifting-2', folder=folder, subjects=list(subjects))
        arrays = cached_arrays(cache, key, build)
        self.rays, self.targets, self.places = arrays['rays'], arrays['targets'], arrays['places']
        lengths, self.ups = arrays['lengths'], arrays['ups']
        starts = np.cumsum(lengths) - lengths
        self.room = lengths - _STEP * (window - 1)
        long = self.room > 0
        self.starts, self.room, self.ups = starts[long], self.room[long], self.ups[long]
        if not len(self.starts):
            raise InputError(f'{folder}: no recording of {", ".join(subjects)} has {_STEP * window} frames')
        super().__init__(num_batches, seed)
        self.window, self.batch_size, self.noise = window, batch_size, noise
        self.proportions, self.turn = proportions, turn

    def draw(self, rng: np.random.Generator) -> dict:
        """``inputs``: rays ``(B, T, 16, 2)``, scores ``(B, T, 16)``; ``data_samples``: target ``(B, T, 17, 3)`` m and
        its weight."""
        chosen = rng.choice(len(self.starts), self.batch_size, p=self.room / self.room.sum())
        first = self.starts[chosen] + (rng.random(self.batch_size) * self.room[chosen]).astype(int)
        frames = first[:, None] + _STEP * np.arange(self.window)
        seen = self.rays[frames], self.targets[frames], self.places[frames]
        rays, target = self._as_others(*seen, self.ups[chosen], rng)
        mirrored = (rng.random(self.batch_size) < 0.5)[:, None, None, None]
        rays = np.where(mirrored, rays[:, :, list(h36m.MPII_FLIP)] * np.float32([-1, 1]), rays)
        target = np.where(mirrored, target[:, :, list(h36m.H36M_FLIP)] * np.float32([-1, 1, 1]), target)
        rays = rays + rng.normal(0, self.noise, rays.shape).astype(np.float32)
        return _item(rays, target)

    def _as_others(self, rays, target, place, up, rng):
        """Windows with other bodies, turned: ``rays`` move as the joints' true images do."""
        if not (self.proportions or self.turn):
            return rays, target
        other = target
        if self.proportions:
            other = target + other_proportions(target, h36m.H36M_PARENTS, h36m.H36M_FLIP, self.proportions, rng)
        if self.turn:
            other = turned_about(other, up, rng.normal(0, self.turn, len(other)))
        joints = list(h36m.MPII_FROM_H36M)
        before, after = (pose[:, :, joints] + place[:, :, None] for pose in (target, other))
        shift = after[..., :2] / after[..., 2:] - before[..., :2] / before[..., 2:]
        return rays + shift.astype(np.float32), other.astype(np.float32)


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


def turned_about(poses: np.ndarray, axis: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """``(B, T, J, 3)`` turned by ``angle`` ``(B,)`` rad about ``axis`` ``(B, 3)`` of length 1, which goes through 0."""
    cos, sin = np.cos(angle)[:, None, None, None], np.sin(angle)[:, None, None, None]
    axis = axis[:, None, None]
    along = (poses * axis).sum(-1, keepdims=True) * axis
    return along + cos * (poses - along) + sin * np.cross(np.broadcast_to(axis, poses.shape), poses)


def _item(rays: np.ndarray, target: np.ndarray) -> dict:
    return dict(
        inputs=dict(rays=float_tensor(rays), scores=torch.ones(rays.shape[:3])),
        data_samples=dict(target=float_tensor(target), target_weight=torch.ones(target.shape[:3])),
    )
