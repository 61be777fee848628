"""Windows of Human3.6M with the hourglass's errors, of people who never stood there.

The base of what trains lifters (:mod:`pipeline.training.batches.hourglass_lifting_batches`) and refiners of 2D
(:mod:`pipeline.training.batches.hourglass_pair_batches`). Legend: ``B`` windows, ``T`` frames, ``J`` = 17 joints of
Human3.6M, ``K`` = 16 of the hourglass.
"""

from dataclasses import dataclass
from typing import Optional, Sequence

import numpy as np

from pipeline.errors import InputError
from pipeline.training.augmentation.augment import other_proportions
from pipeline.training.batches.drawn_batches import DrawnBatches, cached_arrays
from pipeline.training.sources import h36m

_JOINTS = list(h36m.MPII_FROM_H36M)


@dataclass
class SeenWindows:
    """What happened before a camera, and what the hourglass said.

    Attributes:
        rays: ``(B, T, K, 2)`` the hourglass's joints as directions, x / z and y / z.
        poses: ``(B, T, J, 3)`` the truth in the camera's frame relative to the pelvis, m.
        places: ``(B, T, 3)`` the pelvis in the camera's frame, m.
        ups: ``(B, 3)`` of length 1, which way is up there.
    """

    rays: np.ndarray
    poses: np.ndarray
    places: np.ndarray
    ups: np.ndarray

    @property
    def images(self) -> np.ndarray:
        """Where the true joints are seen, ``(B, T, K, 2)``, as ``rays``."""
        points = self.poses[:, :, _JOINTS] + self.places[:, :, None]
        return points[..., :2] / points[..., 2:]


class HourglassWindows(DrawnBatches):
    """Windows at random places of random recordings.

    Half of the windows are mirrored: rays and poses about x = 0. With ``proportions``, ``stature`` and ``turn`` others
    stand before the camera, turned otherwise; the hourglass's errors stay what they were in the picture, and the lowest
    joint as high above the floor: from how far below the camera somebody stands follows how tall he is.

    Args:
        folder: of the Human3.6M pairs.
        subjects: to train on.
        window: ``T``.
        step: frames, of 50 a second, from one of a window's to the next.
        batch_size: ``B``.
        num_batches: batches of an epoch.
        proportions: standard deviation of the logarithms of factors on the lengths of bones.
        stature: the same of one factor on all of a body.
        turn: standard deviation of the angle, in rad, by which windows are turned about the vertical.
        cache: folder for the prepared arrays.
        seed: of everything random.

    Raises:
        InputError: if a file is missing or no recording is as long as a window.
    """

    def __init__(
        self,
        folder: str,
        subjects: Sequence[str],
        window: int,
        step: int,
        batch_size: int,
        num_batches: int,
        proportions: float,
        stature: float,
        turn: float,
        cache: Optional[str],
        seed: int,
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
        self.room = lengths - step * (window - 1)
        long = self.room > 0
        self.starts, self.room, self.ups = starts[long], self.room[long], self.ups[long]
        if not len(self.starts):
            raise InputError(f'{folder}: no recording of {", ".join(subjects)} has {step * (window - 1) + 1} frames')
        super().__init__(num_batches, seed)
        self.window, self.step, self.batch_size = window, step, batch_size
        self.proportions, self.stature, self.turn = proportions, stature, turn

    def recorded(self, windows: int, rng: np.random.Generator) -> SeenWindows:
        """Windows as they were recorded."""
        chosen = rng.choice(len(self.starts), windows, p=self.room / self.room.sum())
        first = self.starts[chosen] + (rng.random(windows) * self.room[chosen]).astype(int)
        frames = first[:, None] + self.step * np.arange(self.window)
        return SeenWindows(self.rays[frames], self.targets[frames], self.places[frames], self.ups[chosen])

    def as_others(self, seen: SeenWindows, rng: np.random.Generator) -> SeenWindows:
        """The same with other bodies, turned; ``rays`` move as the joints' true images do."""
        poses = seen.poses
        if self.proportions:
            poses = poses + other_proportions(poses, h36m.H36M_PARENTS, h36m.H36M_FLIP, self.proportions, rng)
        if self.stature:
            poses = poses * np.exp(rng.normal(0, self.stature, (len(poses), 1, 1, 1))).astype(np.float32)
        if self.turn:
            poses = turned_about(poses, seen.ups, rng.normal(0, self.turn, len(poses)))
        if poses is seen.poses:
            return seen
        raised = lowest(seen.poses, seen.ups) - lowest(poses, seen.ups)
        places = seen.places + raised[..., None] * seen.ups[:, None]
        others = SeenWindows(seen.rays, poses.astype(np.float32), places.astype(np.float32), seen.ups)
        others.rays = seen.rays + (others.images - seen.images).astype(np.float32)
        return others

    def half_mirrored(self, seen: SeenWindows, rng: np.random.Generator) -> SeenWindows:
        """The same, half of it about x = 0."""
        mirrored = (rng.random(len(seen.rays)) < 0.5)[:, None, None, None]
        across = np.float32([-1, 1, 1])
        return SeenWindows(
            np.where(mirrored, seen.rays[:, :, list(h36m.MPII_FLIP)] * across[:2], seen.rays),
            np.where(mirrored, seen.poses[:, :, list(h36m.H36M_FLIP)] * across, seen.poses),
            np.where(mirrored[..., 0], seen.places * across, seen.places),
            np.where(mirrored[:, 0, 0], seen.ups * across, seen.ups),
        )


def rays_of(recording: h36m.Recording) -> np.ndarray:
    """The hourglass's joints as directions, ``(T, 16, 2)`` float32."""
    return recording.camera.rays(recording.estimate).astype(np.float32)


def targets_of(recording: h36m.Recording) -> np.ndarray:
    """The truth in the camera's frame relative to the pelvis, ``(T, 17, 3)`` float32 m."""
    return h36m.camera_poses(recording) / 1000


def lowest(poses: np.ndarray, up: np.ndarray) -> np.ndarray:
    """How high the lowest joint of ``(B, T, J, 3)`` is along ``up`` ``(B, 3)``, ``(B, T)``."""
    return np.einsum('btjd,bd->btj', poses, up).min(-1)


def turned_about(poses: np.ndarray, axis: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """``(B, T, J, 3)`` turned by ``angle`` ``(B,)`` rad about ``axis`` ``(B, 3)`` of length 1, which goes through 0."""
    cos, sin = np.cos(angle)[:, None, None, None], np.sin(angle)[:, None, None, None]
    axis = axis[:, None, None]
    along = (poses * axis).sum(-1, keepdims=True) * axis
    return along + cos * (poses - along) + sin * np.cross(np.broadcast_to(axis, poses.shape), poses)
