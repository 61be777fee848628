"""Classical filters as smoothers: One-Euro, Savitzky-Golay, Gaussian, median, and none at all.

Joints that were not seen (score 0) are bridged by linear interpolation first;
otherwise a filter would smear the estimator's arbitrary value into its neighbours.
"""

from typing import List, Optional, Union

import numpy as np
from scipy.ndimage import gaussian_filter1d, median_filter
from scipy.signal import savgol_filter

from pipeline.refine.windows import WindowSmoother, core_blend
from pipeline.registry import REFINERS


def bridge_missing(keypoints: np.ndarray, scores: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Replace joints of score 0 by interpolation over time between the frames that saw them.

    Args:
        keypoints: ``(T, K, D)`` px.
        scores: ``(T, K)``; a joint that no frame saw keeps its values.
        times: ``(T,)`` seconds.

    Returns:
        ``(T, K, D)`` px, a new array. Networks bridge by the same rule, in torch and over frames
        (:func:`pipeline.networks.refiners.normalise.fill_missing`).
    """
    bridged = np.array(keypoints, dtype=np.float64)
    for joint in np.flatnonzero((scores <= 0).any(0) & (scores > 0).any(0)):
        seen = scores[:, joint] > 0
        for axis in range(keypoints.shape[-1]):
            bridged[~seen, joint, axis] = np.interp(times[~seen], times[seen], bridged[seen, joint, axis])
    return bridged


@REFINERS.register_module()
def savgol(window: int = 11, order: int = 3, block: int = 32) -> WindowSmoother:
    """Savitzky-Golay: a least-squares polynomial of ``order`` over ``window`` (odd) frames."""
    return _filter(lambda poses: savgol_filter(poses, window, order, axis=0), window // 2, block)


@REFINERS.register_module()
def gaussian(sigma: float = 1.5, block: int = 32) -> WindowSmoother:
    """Gaussian of ``sigma`` frames, cut off at 4 sigma."""
    return _filter(lambda poses: gaussian_filter1d(poses, sigma, axis=0, mode='nearest'), int(4 * sigma + 0.5), block)


@REFINERS.register_module()
def median(width: int = 9, sigma: float = 2.5, block: int = 32) -> WindowSmoother:
    """A median over ``width`` (odd) frames against outliers, then a Gaussian of ``sigma`` frames."""

    def smooth(poses):
        steady = median_filter(poses, (width, 1, 1), mode='nearest')
        return gaussian_filter1d(steady, sigma, axis=0, mode='nearest')

    return _filter(smooth, width // 2 + int(4 * sigma + 0.5), block)


def _filter(smooth, margin: int, block: int) -> WindowSmoother:

    def function(keypoints, scores, times):
        return np.stack([smooth(bridge_missing(*track)) for track in zip(keypoints, scores, times)])

    window = block + 2 * margin
    return WindowSmoother(function, window, block, core_blend(window, margin))


@REFINERS.register_module(name='none')
class NoSmoother:
    """Gives every pose back as it came."""

    lookahead = 0

    def open(self) -> 'NoSmoother':
        return self

    def push(self, keypoints: np.ndarray, scores: np.ndarray, time: float) -> List[np.ndarray]:
        return [keypoints]

    def close(self) -> List[np.ndarray]:
        return []


@REFINERS.register_module(name='one-euro')
class OneEuroSmoother:
    """One-Euro filter (Casiez et al., CHI 2012) on every coordinate; causal, no latency.

    A low-pass whose cut-off frequency rises with the speed of the coordinate. Speed is measured in
    figure sizes (longer side of the box around the track's first pose) per second, so that ``beta``
    means the same at every resolution.

    Args:
        min_cutoff: cut-off frequency at rest, Hz, above 0; lower is smoother.
        beta: how fast the cut-off rises with speed, in Hz per (figure sizes per second).
        derivative_cutoff: cut-off frequency of the speed itself, Hz, above 0.
    """

    lookahead = 0

    def __init__(self, min_cutoff: float = 1.5, beta: float = 15.0, derivative_cutoff: float = 1.0):
        self.min_cutoff, self.beta, self.derivative_cutoff = min_cutoff, beta, derivative_cutoff

    def open(self) -> '_OneEuroTrack':
        return _OneEuroTrack(self)


class _OneEuroTrack:
    def __init__(self, smoother: OneEuroSmoother):
        self.smoother = smoother
        self.size = self.time = 0.0  # px and seconds, from the first pose on
        self.smooth: Optional[np.ndarray] = None  # (K, D) figure sizes, float64
        self.speed: Union[float, np.ndarray] = 0.0  # (K, D) figure sizes per second

    def push(self, keypoints: np.ndarray, scores: np.ndarray, time: float) -> List[np.ndarray]:
        if self.smooth is None:
            self.size = max(float(np.ptp(keypoints, axis=0).max()), 1.0)
            self.smooth = keypoints.astype(np.float64) / self.size
        else:
            interval = max(time - self.time, 1e-6)  # live sources repeat a time now and then
            # a joint that was not seen stays where it was last
            values = np.where(scores[:, None] > 0, keypoints / self.size, self.smooth)
            speed = (values - self.smooth) / interval
            self.speed = self.speed + _gain(self.smoother.derivative_cutoff, interval) * (speed - self.speed)
            cutoff = self.smoother.min_cutoff + self.smoother.beta * np.abs(self.speed)
            self.smooth = self.smooth + _gain(cutoff, interval) * (values - self.smooth)
        self.time = time
        return [(self.smooth * self.size).astype(np.float32)]

    def close(self) -> List[np.ndarray]:
        return []


def _gain(cutoff, interval: float):
    """Share of a new value in a first-order low-pass of ``cutoff`` Hz, ``interval`` seconds after the last."""
    turn = 2 * np.pi * cutoff * interval
    return turn / (1 + turn)
