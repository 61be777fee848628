"""A light low-pass behind a network: what still trembles goes, what moves stays, at every frame rate."""

from typing import Optional

import numpy as np

STIFF = 1e-6  # against weights whose sum is 1 or more


def polish(
    poses: np.ndarray, scores: np.ndarray, times: np.ndarray, reach: float, sigmas: Optional[np.ndarray] = None
) -> np.ndarray:
    """Smooth windows of poses by parabolas in time, fitted around each frame with Gaussian weights.

    A Gaussian filter proper flattens every turn of a motion; a parabola follows it, so that twice as wide a window
    costs less truth. Ends of a track are fitted by the same rule: nothing lags.

    Args:
        poses: ``(B, T, K, D)`` px.
        scores: ``(B, T, K)``; frames at a window's end of which no joint was seen are padding and do not count.
        times: ``(B, T)`` seconds, which need not be even.
        reach: standard deviation of the weights, in seconds.
        sigmas: ``(B, T, K)`` px, how far off each joint may be. Frames that are less sure of a joint then count less
            in its fit, by the inverse of it (its square, which independent errors would ask for, did worse: those
            of neighbouring frames are much the same).

    Returns:
        ``(B, T, K, D)`` px, of the type of ``poses``.
    """
    seen = np.max(scores, axis=-1) > 0
    last = np.maximum.accumulate(seen[:, ::-1], axis=1)[:, ::-1]  # (B, T), up to the last frame that saw something
    counts = last | ~np.max(seen, axis=1, keepdims=True)
    apart = (times[:, None, :] - times[:, :, None]) / reach  # (B, T, T): of all frames from each
    near = np.exp(-0.5 * apart**2) * (counts[:, None, :] | np.eye(times.shape[1], dtype=bool))
    powers = apart[..., None] ** np.arange(5)  # (B, T, T, 5)
    trust = np.ones((*times.shape, 1)) if sigmas is None else _trust(sigmas)  # (B, T, K) or, alike for all, (B, T, 1)
    moments = np.einsum('bij,bijp,bjk->bikp', near, powers, trust, optimize=True)
    normal = moments[..., [[0, 1, 2], [1, 2, 3], [2, 3, 4]]]  # (B, T, K, 3, 3)
    # where hardly a frame is near (low rates, ends), slope and curvature are held at nought
    normal = normal + np.diag([0.0, STIFF, STIFF]) * moments[..., :1, None]
    value = np.linalg.solve(normal, np.array([1.0, 0.0, 0.0])[:, None])[..., 0]  # (B, T, K, 3)
    weighted = np.einsum('bjk,bjkd->bjkd', trust, poses.astype(np.float64))
    sums = np.einsum('bij,bijp,bjkd->bikpd', near, powers[..., :3], weighted, optimize=True)
    return np.einsum('bikp,bikpd->bikd', value, sums).astype(poses.dtype)


def _trust(sigmas: np.ndarray) -> np.ndarray:
    """``(B, T, K)`` weights about 1, of each joint among its frames."""
    return np.median(sigmas, axis=1, keepdims=True) / np.maximum(sigmas, 1e-9)
