"""Where the person is: the distance at which a lifted pose covers the keypoints that it was lifted from."""

import numpy as np


def place(joints: np.ndarray, rays: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The translation of each pose that brings its joints nearest to their rays.

    Least squares of ``x (Z + t_z) - (X + t_x)`` and the same for y, the distance from the ray times the depth; linear
    in the translation.

    Args:
        joints: ``(T, K, 3)`` m, relative to the root, in the camera's frame.
        rays: ``(T, K, 2)``, x / z and y / z.
        weights: ``(T, K)`` from 0 up.

    Returns:
        ``(T, 3)`` m, of the root; NaN where the rays do not tell a distance.
    """
    rays, joints, weights = (np.asarray(array, np.float64) for array in (rays, joints, weights))
    total = weights.sum(1)
    with np.errstate(invalid='ignore', divide='ignore'):
        mean_ray = np.einsum('tk,tkc->tc', weights, rays) / total[:, None]
        # what a joint would have to be moved by in x and y if the root were at depth 0
        lack = rays * joints[..., 2:] - joints[..., :2]
        mean_lack = np.einsum('tk,tkc->tc', weights, lack) / total[:, None]
        spread = rays - mean_ray[:, None]
        depth = -np.einsum('tk,tkc,tkc->t', weights, spread, lack) / np.einsum('tk,tkc->t', weights, spread**2)
        return np.concatenate([mean_ray * depth[:, None] + mean_lack, depth[:, None]], axis=1)


def at_depth(joints: np.ndarray, rays: np.ndarray, weights: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """As :func:`place`, with depths ``(T,)`` that are known already; ``(T, 3)`` m."""
    total = np.maximum(weights.sum(1), 1e-9)[:, None]
    across = rays * (joints[..., 2:] + depth[:, None, None]) - joints[..., :2]
    return np.concatenate([np.einsum('tk,tkc->tc', weights, across) / total, depth[:, None]], axis=1)
