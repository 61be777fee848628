"""A light low-pass behind a network: what still trembles goes, what moves stays, at every frame rate."""

from typing import Optional

import numpy as np

from pipeline.geometry import longer_side

STIFF = 1e-6  # against weights whose sum is 1 or more
#: how many times as far the calm fit of :func:`steady` reaches, and how far apart the two may be to count as agreeing,
#: of the figure's size: less than labels by hand tremble
CALMER, AGREEMENT = 2.0, 0.003


def steady(
    poses: np.ndarray, scores: np.ndarray, times: np.ndarray, reach: float, sigmas: Optional[np.ndarray] = None
) -> np.ndarray:
    """:func:`polish`, and twice as far wherever that makes no difference but to trembling.

    A wide fit leaves less trembling, but cuts a fast motion's turns. So there are two, and each joint takes the calm
    one as far as both agree around a frame. That two answers, a smooth and a precise one, tell by their difference how
    far to believe the smooth one is after SynSP (CVPR 2024).

    Args:
        poses, scores, times, reach, sigmas: of :func:`polish`.

    Returns:
        ``(B, T, K, D)``, of the type of ``poses``.
    """
    precise = polish(poses, scores, times, reach, sigmas)
    calm = polish(poses, scores, times, CALMER * reach, sigmas)
    size = window_figure_size(poses, scores)[..., None]  # (B, 1, 1)
    difference = np.square(precise - calm).sum(axis=-1) / np.maximum(AGREEMENT * size, 1e-9) ** 2
    # the difference of two curves is nought wherever they cross: it takes the frames around to tell
    near = _nearness(scores, _elapsed(times, CALMER * reach))
    share = 1 / (1 + near @ difference / near.sum(axis=-1, keepdims=True))
    return (precise + share[..., None] * (calm - precise)).astype(poses.dtype)


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
    elapsed = _elapsed(times, reach)
    near = _nearness(scores, elapsed)
    powers = elapsed[..., None] ** np.arange(5)  # (B, T, T, 5)
    trust = np.ones((*times.shape, 1)) if sigmas is None else _trust(sigmas)  # (B, T, K) or, alike for all, (B, T, 1)
    moments = np.einsum('bij,bijp,bjk->bikp', near, powers, trust, optimize=True)
    normal = moments[..., [[0, 1, 2], [1, 2, 3], [2, 3, 4]]]  # (B, T, K, 3, 3)
    # where hardly a frame is near (low rates, ends), slope and curvature are held at nought
    normal = normal + np.diag([0.0, STIFF, STIFF]) * moments[..., :1, None]
    value = np.linalg.solve(normal, np.array([1.0, 0.0, 0.0])[:, None])[..., 0]  # (B, T, K, 3)
    weighted = np.einsum('bjk,bjkd->bjkd', trust, poses.astype(np.float64))
    sums = np.einsum('bij,bijp,bjkd->bikpd', near, powers[..., :3], weighted, optimize=True)
    return np.einsum('bikp,bikpd->bikd', value, sums).astype(poses.dtype)


def window_figure_size(poses: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The longer side of the median frame's box, ``(B, 1)``; infinite where nothing was seen.

    Args:
        poses: ``(B, T, K, D)``.
        scores: ``(B, T, K)``; joints that have none throughout a window do not count.
    """
    size = np.median(longer_side(poses, np.max(scores, axis=1)[:, None] > 0), axis=1)[:, None]
    return np.where(np.max(scores, axis=(1, 2))[:, None] > 0, size, np.inf)


def _elapsed(times: np.ndarray, reach: float) -> np.ndarray:
    """``(B, T, T)``: of all frames from each, in units of ``reach``."""
    return (times[:, None, :] - times[:, :, None]) / reach


def _nearness(scores: np.ndarray, elapsed: np.ndarray) -> np.ndarray:
    """``(B, T, T)`` Gaussian weights of all frames around each; padding counts for itself only."""
    seen = np.max(scores, axis=-1) > 0
    last = np.maximum.accumulate(seen[:, ::-1], axis=1)[:, ::-1]  # (B, T), up to the last frame that saw something
    counts = last | ~np.max(seen, axis=1, keepdims=True)
    return np.exp(-0.5 * elapsed**2) * (counts[:, None, :] | np.eye(counts.shape[1], dtype=bool))


def _trust(sigmas: np.ndarray) -> np.ndarray:
    """``(B, T, K)`` weights about 1, of each joint among its frames."""
    return np.median(sigmas, axis=1, keepdims=True) / np.maximum(sigmas, 1e-9)
