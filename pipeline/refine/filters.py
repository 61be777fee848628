"""Classical filters as smoothers: One-Euro, Savitzky-Golay, Gaussian, and none at all.

Joints that were not seen (score 0) are bridged by linear interpolation first;
otherwise a filter would smear the estimator's arbitrary value into its neighbours.
"""

from typing import List

import numpy as np
from OneEuroFilter import OneEuroFilter
from scipy.ndimage import gaussian_filter1d
from scipy.signal import savgol_filter

from pipeline.refine.windows import WindowSmoother, core_blend


def bridge_missing(keypoints: np.ndarray, scores: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Replace joints of score 0 by interpolation over time between the frames that saw them.

    Args:
        keypoints: ``(T, K, 2)`` px.
        scores: ``(T, K)``; a joint that no frame saw keeps its values.
        times: ``(T,)`` seconds.

    Returns:
        ``(T, K, 2)`` px, a new array.
    """
    bridged = np.array(keypoints, dtype=np.float64)
    for joint in np.flatnonzero((scores <= 0).any(0) & (scores > 0).any(0)):
        seen = scores[:, joint] > 0
        for axis in range(keypoints.shape[-1]):
            bridged[~seen, joint, axis] = np.interp(times[~seen], times[seen], bridged[seen, joint, axis])
    return bridged


def savgol(window: int = 11, order: int = 3, block: int = 32) -> WindowSmoother:
    """Savitzky-Golay: a least-squares polynomial of ``order`` over ``window`` (odd) frames."""
    return _filter(lambda poses: savgol_filter(poses, window, order, axis=0), window // 2, block)


def gaussian(sigma: float = 1.5, block: int = 32) -> WindowSmoother:
    """Gaussian of ``sigma`` frames, cut off at 4 sigma."""
    return _filter(lambda poses: gaussian_filter1d(poses, sigma, axis=0, mode='nearest'), int(4 * sigma + 0.5), block)


def _filter(smooth, margin: int, block: int) -> WindowSmoother:

    def function(keypoints, scores, times):
        return np.stack([smooth(bridge_missing(*track)) for track in zip(keypoints, scores, times)])

    window = block + 2 * margin
    return WindowSmoother(function, window, block, core_blend(window, margin))


class NoSmoother:
    """Gives every pose back as it came."""

    lookahead = 0

    def open(self) -> 'NoSmoother':
        return self

    def push(self, keypoints: np.ndarray, scores: np.ndarray, time: float) -> List[np.ndarray]:
        return [keypoints]

    def close(self) -> List[np.ndarray]:
        return []


class OneEuroSmoother:
    """One-Euro filter (Casiez et al., CHI 2012) on every coordinate; causal, no latency.

    Args:
        min_cutoff: cut-off frequency at rest, Hz; lower is smoother.
        beta: how fast the cut-off rises with speed, in Hz per (figure sizes per second).
    """

    lookahead = 0

    def __init__(self, min_cutoff: float = 1.5, beta: float = 15.0):
        self.min_cutoff, self.beta = min_cutoff, beta

    def open(self) -> '_OneEuroTrack':
        return _OneEuroTrack(self.min_cutoff, self.beta)


class _OneEuroTrack:
    def __init__(self, min_cutoff: float, beta: float):
        self.parameters = dict(mincutoff=min_cutoff, beta=beta)
        self.filters: List[OneEuroFilter] = []
        self.size = 1.0
        self.last: np.ndarray = np.zeros(0, np.float32)  # the latest answer

    def push(self, keypoints: np.ndarray, scores: np.ndarray, time: float) -> List[np.ndarray]:
        if not self.filters:
            # coordinates are measured in figure sizes, so that beta does not depend on the resolution
            self.size = max(float(np.ptp(keypoints, axis=0).max()), 1.0)
            self.filters = [OneEuroFilter(30.0, **self.parameters) for _ in range(keypoints.size)]
            self.last = keypoints
        values = np.where(scores[:, None] > 0, keypoints, self.last)
        smooth = [f(float(v), time) for f, v in zip(self.filters, values.ravel() / self.size)]
        self.last = (np.reshape(smooth, keypoints.shape) * self.size).astype(np.float32)
        return [self.last]

    def close(self) -> List[np.ndarray]:
        return []
