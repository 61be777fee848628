"""Motion at another speed and frame rate: windows read from a bank at fractional frames."""

from typing import Tuple

import numpy as np

_SPEEDS = (0.3, 3.0)  # slowest and fastest


def draw_windows(
    lengths: np.ndarray, fps: np.ndarray, rate: float, shape: Tuple[int, int], spread: float, rng: np.random.Generator
) -> Tuple[np.ndarray, np.ndarray]:
    """Choose windows of motion at random, longer sequences more often, at somewhat other speeds.

    Args:
        lengths, fps: ``(S,)`` frames of each sequence, and its frames per second.
        rate: frames per second of the windows.
        shape: ``(B, T)``.
        spread: standard deviation of the logarithm of the speed; less where a sequence is too short for it.
        rng: what chooses.

    Returns:
        ``(B,)`` indices of sequences, and ``(B, T)`` positions in them for :func:`cut_windows`.
    """
    windows, frames = shape
    chosen = rng.choice(len(lengths), windows, p=lengths / lengths.sum())
    last = lengths[chosen] - 1
    speed = np.clip(np.exp(rng.normal(0, spread, windows)), *_SPEEDS)
    step = np.minimum(fps[chosen] / rate * speed, last / (frames - 1))
    first = rng.uniform(0, np.maximum(last - step * (frames - 1), 1e-3))
    return chosen, first[:, None] + step[:, None] * np.arange(frames)


def cut_windows(frames: np.ndarray, starts: np.ndarray, lengths: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Read sequences at fractional positions with Catmull-Rom interpolation.

    A cubic keeps the acceleration of resampled motion as small as the motion's own;
    linear interpolation would teach kinks.

    Args:
        frames: ``(N, ...)`` sequences laid end to end.
        starts, lengths: ``(B,)`` the sequence of each window.
        positions: ``(B, T)`` frames within the sequence, fractions allowed; outside
            positions are held at the ends.

    Returns:
        ``(B, T, ...)`` float32.
    """
    last = (lengths - 1)[:, None]
    positions = np.clip(positions, 0, last)
    base = np.minimum(np.floor(positions), np.maximum(last - 1, 0)).astype(np.int64)
    u = (positions - base).astype(np.float32).reshape(positions.shape + (1,) * (frames.ndim - 1))
    taps = [frames[starts[:, None] + np.clip(base + shift, 0, last)] for shift in (-1, 0, 1, 2)]
    u2, u3 = u * u, u * u * u
    weights = (-0.5 * u3 + u2 - 0.5 * u, 1.5 * u3 - 2.5 * u2 + 1, -1.5 * u3 + 2 * u2 + 0.5 * u, 0.5 * u3 - 0.5 * u2)
    return sum(w * tap for w, tap in zip(weights, taps)).astype(np.float32)


def nearest(frames: np.ndarray, starts: np.ndarray, lengths: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """As :func:`cut_windows`, the nearest frame: for weights and for estimators' errors, which must not be smoothed."""
    index = np.clip(np.rint(positions), 0, (lengths - 1)[:, None]).astype(np.int64)
    return frames[starts[:, None] + index]
