"""Classical filters as smoothers: One-Euro, Savitzky-Golay, Gaussian, median, Butterworth, Hampel, and none at all.

Joints that were not seen (score 0) are bridged by linear interpolation first;
otherwise a filter would smear the estimator's arbitrary value into its neighbours.
"""

from typing import Any, List, Optional

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import gaussian_filter1d, median_filter
from scipy.signal import butter, savgol_filter, sosfiltfilt

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
    _whole(1, 999, odd=True, window=window)
    _whole(0, min(window - 1, 9), order=order)
    return _filter(lambda poses, fps: savgol_filter(poses, window, order, axis=0), window // 2, block)


@REFINERS.register_module()
def gaussian(sigma: float = 1.5, block: int = 32) -> WindowSmoother:
    """Gaussian of ``sigma`` frames, cut off at 4 sigma."""
    _number(0.01, 100, sigma=sigma)
    return _filter(lambda poses, fps: _blur(poses, sigma), int(4 * sigma + 0.5), block)


@REFINERS.register_module()
def median(width: int = 9, sigma: float = 2.5, block: int = 32) -> WindowSmoother:
    """A median over ``width`` (odd) frames against outliers, then a Gaussian of ``sigma`` frames."""
    _whole(1, 999, odd=True, width=width)
    _number(0.01, 100, sigma=sigma)

    def smooth(poses, fps):
        return _blur(median_filter(poses, (width, 1, 1), mode='nearest'), sigma)

    return _filter(smooth, width // 2 + int(4 * sigma + 0.5), block)


@REFINERS.register_module()
def butterworth(cutoff: float = 6.0, order: int = 2, block: int = 16) -> WindowSmoother:
    """Butterworth low-pass of ``order``, once forwards and once backwards in time, so that nothing lags.

    Args:
        cutoff: Hz at which an amplitude has fallen to 0.71 after both passes. It means the same at every
            frame rate; where it is beyond half of it, there is nothing to filter.
        order: of one pass, 1 to 4.
    """
    _number(0.5, 1000, cutoff=cutoff)
    _whole(1, 4, order=order)
    return _filter(lambda poses, fps: _low_pass(poses, cutoff, order, fps), _settled(cutoff), block)


@REFINERS.register_module()
def hampel(
    width: int = 7, threshold: float = 3.0, cutoff: Optional[float] = None, order: int = 2, block: int = 16
) -> WindowSmoother:
    """Replace outliers by the median of the frames around them, and leave everything else as it is.

    Args:
        width: frames (odd) that a joint is compared with.
        threshold: a joint is an outlier where it is further from their median than so many times the standard
            deviation that their median distance from it stands for.
        cutoff, order: of a :func:`butterworth` filter afterwards; none by default.
    """
    _whole(1, 999, odd=True, width=width)
    _number(0, 100, threshold=threshold)
    if cutoff is not None:
        butterworth(cutoff, order)  # checks them

    def smooth(poses, fps):
        steady = _without_outliers(poses, width, threshold)
        return steady if cutoff is None else _low_pass(steady, cutoff, order, fps)

    return _filter(smooth, width // 2 + (_settled(cutoff) if cutoff is not None else 0), block)


def _blur(poses: np.ndarray, sigma: float) -> np.ndarray:
    return gaussian_filter1d(poses, sigma, axis=0, mode='nearest')


def _low_pass(poses: np.ndarray, cutoff: float, order: int, fps: float) -> np.ndarray:
    if cutoff >= fps / 2:
        return poses
    # both passes together shall fall to 0.71 at the cutoff, so each does so a little beyond
    beyond = np.tan(np.pi * cutoff / fps) / (np.sqrt(2) - 1) ** (0.5 / order)
    sections = butter(order, 2 / np.pi * np.arctan(beyond), output='sos')
    return sosfiltfilt(sections, poses, axis=0, padlen=min(len(poses) - 1, 9))


def _settled(cutoff: float) -> int:
    """Frames after which a low-pass has forgotten its start: to 1e-4 at 60 fps, to 1e-2 at 120."""
    return int(np.ceil(150 / cutoff))


def _without_outliers(poses: np.ndarray, width: int, threshold: float) -> np.ndarray:
    side = width // 2
    around = sliding_window_view(np.pad(poses, ((side, side), (0, 0), (0, 0)), mode='edge'), width, axis=0)
    middle = np.median(around, axis=-1)  # (T, K, D)
    away = np.linalg.norm(around - middle[..., None], axis=2)  # (T, K, width)
    # 1.4826: from the median absolute deviation of a normal distribution to its standard deviation
    usual = 1.4826 * np.median(away, axis=-1)
    return np.where((away[..., side] > threshold * usual)[..., None], middle, poses)


def _filter(smooth, margin: int, block: int) -> WindowSmoother:
    """Apply ``smooth(poses, fps)`` in windows of ``block`` frames and ``margin`` more on both sides."""
    _whole(1, 1000, block=block)

    def function(keypoints, scores, times):
        rates = (times.shape[1] - 1) / (times[:, -1] - times[:, 0]) if times.shape[1] > 1 else np.ones(len(times))
        return np.stack([smooth(bridge_missing(*track), fps) for *track, fps in zip(keypoints, scores, times, rates)])

    window = block + 2 * margin
    return WindowSmoother(function, window, block, core_blend(window, margin))


def _number(least: float, most: float, **parameters: Any) -> None:
    for name, value in parameters.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
            raise ValueError(f'{name} {value!r}: must be a number from {least:g} to {most:g}')


def _whole(least: int, most: int, odd: bool = False, **parameters: Any) -> None:
    for name, value in parameters.items():
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or not least <= value <= most or (odd and value % 2 == 0):
            raise ValueError(
                f'{name} {value!r}: must be {"an odd" if odd else "a"} whole number from {least} to {most}'
            )


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
        beta: how fast the cut-off rises with speed, in Hz per (figure sizes per second), 0 or more.
        derivative_cutoff: cut-off frequency of the speed itself, Hz, above 0.
    """

    lookahead = 0

    def __init__(self, min_cutoff: float = 1.5, beta: float = 15.0, derivative_cutoff: float = 1.0):
        _number(0.001, 1000, min_cutoff=min_cutoff, derivative_cutoff=derivative_cutoff)
        _number(0, 1e6, beta=beta)
        self.min_cutoff, self.beta, self.derivative_cutoff = min_cutoff, beta, derivative_cutoff

    def open(self) -> '_OneEuroTrack':
        return _OneEuroTrack(self)


class _OneEuroTrack:
    def __init__(self, smoother: OneEuroSmoother):
        self.smoother = smoother
        self.size = 0.0  # px, of the first pose; 0 before it
        self.time = 0.0
        self.smooth: np.ndarray = np.zeros(0)  # (K, D) figure sizes, float64
        self.speed: np.ndarray = np.zeros(())  # (K, D) figure sizes per second

    def push(self, keypoints: np.ndarray, scores: np.ndarray, time: float) -> List[np.ndarray]:
        if not self.size:
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
