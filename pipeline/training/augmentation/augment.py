"""Geometric augmentation of batches of windows, vectorised over the batch.

Legend: ``B`` windows, ``T`` frames, ``K`` joints.
"""

from typing import Sequence, Tuple

import numpy as np


def virtual_view(world: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """See 3D motion from random places: any azimuth, 15 degrees below to 40 above, 2.5 to 9 m away.

    Args:
        world: ``(B, T, K, 3)`` mm, z up.
        rng: source of randomness.

    Returns:
        ``(B, T, K, 2)`` float32; a figure that faces the camera in the middle of the window
        is about 1.8 high; y down.
    """
    windows, frames = world.shape[:2]
    centre = world[:, frames // 2].mean(1)[:, None, None]
    azimuth = rng.uniform(0, 2 * np.pi, windows)
    elevation = np.radians(rng.uniform(-15, 40, windows))
    distance = rng.uniform(2.5, 9, windows)[:, None, None].astype(np.float32)
    x, y, z = np.moveaxis((world - centre).astype(np.float32) / 1000, -1, 0)
    ca, sa, ce, se = (f(a)[:, None, None].astype(np.float32) for a in (azimuth, elevation) for f in (np.cos, np.sin))
    right, ahead = ca * x + sa * y, -sa * x + ca * y
    depth = np.maximum(distance + ce * ahead - se * z, 0.8)
    down = -(se * ahead + ce * z)
    return np.stack([right, down], axis=-1) * (distance / depth)[..., None]


def random_linear(
    windows: int, rng: np.random.Generator, tilt: float = 12.0, any_angle: float = 0.1, aspect: float = 0.08
) -> np.ndarray:
    """Rotation (degrees; a share ``any_angle`` turns all the way) with a slight change of aspect, ``(B, 2, 2)``."""
    angle = np.radians(rng.normal(0, tilt, windows))
    free = rng.random(windows) < any_angle
    angle[free] = rng.uniform(-np.pi, np.pi, free.sum())
    stretch = np.exp(rng.normal(0, aspect, windows))
    rotation = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], -1).reshape(-1, 2, 2)
    return (rotation * np.stack([stretch, 1 / stretch], -1)[:, None]).astype(np.float32)


def other_proportions(
    pose: np.ndarray, parents: Sequence[int], flip: Sequence[int], spread: float, rng: np.random.Generator
) -> np.ndarray:
    """What to add to poses to give each window a body with bones of other lengths.

    A bone is longer or shorter by one factor throughout its window, and as its mirror bone is.
    A factor on a bone in space is, but for perspective, the same factor on its picture.

    Args:
        pose: ``(B, T, K, D)``.
        parents: ``K`` joint indices; a root is its own parent and stays where it is.
        flip: ``K`` mirror joint indices.
        spread: standard deviation of the factors' logarithms.
        rng: source of randomness.

    Returns:
        ``(B, T, K, D)``.
    """
    parents, flip = np.asarray(parents), np.asarray(flip)
    growth = np.expm1(rng.normal(0, spread, (len(pose), len(parents)))).astype(pose.dtype)
    growth = growth[:, np.minimum(np.arange(len(flip)), flip)]
    added = (pose - pose[:, :, parents]) * growth[:, None, :, None]
    shift, above = added.copy(), parents
    while (above != parents[above]).any():  # joints move with all bones between the root and them
        shift += added[:, :, above]
        above = parents[above]
    return shift


def mirror(arrays: Sequence[np.ndarray], which: np.ndarray, flip: Sequence[int]) -> Tuple[np.ndarray, ...]:
    """Mirror windows ``which`` ``(B,)`` about x = 0; ``(B, T, K, D)`` are mirrored, ``(B, T, K)`` re-ordered."""
    mirrored = []
    for array in arrays:
        other = array[:, :, flip]
        if array.ndim == 4:
            other = other * np.array([-1] + [1] * (array.shape[-1] - 1), array.dtype)
        mirrored.append(np.where(which.reshape((-1,) + (1,) * (array.ndim - 1)), other, array))
    return tuple(mirrored)


def camera_motion(frames: int, size: np.ndarray, fps: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What a hand-held or panning camera adds, ``(B, T, 1, 2)`` px: a steady pan and two sways.

    Args:
        frames: ``T``.
        size: ``(B,)`` px, figure's size.
        fps: ``(B,)``.
        rng: source of randomness.
    """
    windows = len(size)
    time = (np.arange(frames) - frames / 2) / fps[:, None]
    fast = rng.random((windows, 1)) < 0.15
    pan = rng.normal(0, 1, (windows, 2)) * np.where(fast, 1.5, 0.2)
    path = time[..., None] * pan[:, None]
    for _ in range(2):
        phase = rng.uniform(0, 2 * np.pi, (windows, 1)) + 2 * np.pi * rng.uniform(0.2, 2, (windows, 1)) * time
        path = path + 0.02 * np.sin(phase)[..., None] * rng.normal(0, 1, (windows, 1, 2))
    return (path * size[:, None, None])[:, :, None].astype(np.float32)
