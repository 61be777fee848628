"""Motion at another speed and frame rate: windows read from a bank at fractional frames."""

import numpy as np


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
