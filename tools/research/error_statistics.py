"""What can be said of an estimator's errors over time: sizes, spectrum, memory, and what its scores knew.

The same for real errors and for those that :class:`pipeline.training.augmentation.error_model.ErrorModel` draws, so
that the two can be laid side by side. Legend: ``R`` recordings of ``T`` frames, ``K`` joints.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Sequence

import numpy as np

from pipeline.files import atomic_path
from pipeline.skeletons import Skeleton
from pipeline.training.augmentation.error_model import ErrorModel, ErrorRates

GROSS = 0.05  # of the figure's size
SCORES = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0)
LAGS = (2, 4, 8, 16, 32)  # frames
RAYLEIGH = 0.641  # standard deviation of the logarithm of a vector's length whose two axes are Gaussian
EXCEEDS = np.geomspace(0.002, 0.4, 40)  # of the figure's size


@dataclass(frozen=True)
class Errors:
    """Errors of one estimator.

    Attributes:
        error: ``(R, T, K, 2)`` of the figure's size, NaN where nothing was compared; constant differences of joint
            definitions are in it.
        scores: ``(R, T, K)``.
        fps: frames per second.
    """

    error: np.ndarray
    scores: np.ndarray
    fps: float

    @property
    def moving(self) -> np.ndarray:
        """Errors without their median over a recording, which is a definition's or a camera's."""
        return self.error - np.nanmedian(self.error, axis=1, keepdims=True)


def modelled(
    truth: np.ndarray, size: np.ndarray, fps: float, skeleton: Skeleton, rates: ErrorRates, draws: int
) -> Errors:
    """What a model makes of real motion.

    Args:
        truth: ``(R, T, K, 2)`` px, finite.
        size: ``(R,)`` px, of the figures.
        fps: of the recordings.
        skeleton: of the joints.
        rates: of the model.
        draws: how often each recording is spoilt.
    """
    many = np.repeat(truth, draws, axis=0).astype(np.float32)
    sizes = np.repeat(size, draws)
    rng = np.random.default_rng(0)
    model = ErrorModel(skeleton, rates)
    estimate, scores = model.apply(many, sizes, np.full(len(many), fps), np.ones(len(many)), rng)
    error = np.where(scores[..., None] > 0, (estimate - many) / sizes[:, None, None, None], np.nan)
    return Errors(error, np.where(scores > 0, scores, np.nan), fps)


def statistics(errors: Errors) -> Dict[str, float]:
    """Numbers in percent of the figure's size, unless named otherwise."""
    moving = errors.moving
    distance = np.linalg.norm(moving, axis=-1)
    second = moving[:, 1:-1] - (moving[:, 2:] + moving[:, :-2]) / 2  # variance 1.5 of white jitter per axis
    calm = np.abs(second)[np.isfinite(second)]
    loud = np.log(np.linalg.norm(second, axis=-1) + 2e-4)
    loud = loud - np.nanmean(loud, axis=(0, 1), keepdims=True)
    row = {
        'distance, median': 100 * float(np.nanmedian(distance)),
        'distance, p90': 100 * float(np.nanpercentile(distance, 90)),
        'over 5 % of the figure, % of joints': 100 * float((distance > GROSS)[np.isfinite(distance)].mean()),
        'jitter, by the median': 100 * 1.4826 * float(np.median(calm)) / np.sqrt(1.5),
        'jitter, root mean square': 100 * float(np.sqrt(np.mean(calm**2) / 1.5)),
        'volatility of jitter (log)': float(np.sqrt(max(np.nanvar(loud) - RAYLEIGH**2, 0))),
    }
    for lag in LAGS:
        name = f'autocorrelation after {1000 * lag / errors.fps:.0f} ms'
        row[name] = float(np.nanmean(moving[:, lag:] * moving[:, :-lag]) / np.nanmean(moving**2))
    whole = np.linalg.norm(errors.error, axis=-1)
    for low, high in zip(SCORES, SCORES[1:]):
        there = (errors.scores >= low) & (errors.scores < high + 1e-6 * (high == 1)) & np.isfinite(whole)
        row[f'score {low} to {high}: % of joints'] = 100 * float(there.sum() / np.isfinite(whole).sum())
        row[f'score {low} to {high}: distance, median'] = (
            100 * float(np.median(whole[there])) if there.any() else np.nan
        )
    return row


def spectrum(errors: Errors) -> np.ndarray:
    """``(T // 2 + 1,)`` mean power of the errors at 0 Hz to half the frame rate; missing frames are interpolated."""
    powers = []
    for recording in np.moveaxis(errors.moving, 1, -1).reshape(-1, errors.error.shape[1]):
        known = np.isfinite(recording)
        if known.mean() > 0.9:
            filled = np.interp(np.arange(len(recording)), np.flatnonzero(known), recording[known])
            window = np.hanning(len(filled))
            powers.append(np.abs(np.fft.rfft(window * (filled - filled.mean()))) ** 2 / (window**2).sum())
    return np.mean(powers, axis=0)


def plot(path: Path, columns: Dict[str, Errors], force: bool) -> None:
    """Draw what :func:`statistics` counts: how large, how often, for how long, and with what score (SVG)."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({'svg.hashsalt': 'poses', 'font.size': 9}):
        figure = Figure(figsize=(9, 6.4), layout='constrained')
        size, power, memory, score = figure.subplots(2, 2).ravel()
        for name, errors in columns.items():
            distance = np.linalg.norm(errors.moving, axis=-1)
            distance = distance[np.isfinite(distance)]
            size.loglog(100 * EXCEEDS, [(distance > limit).mean() + 1e-6 for limit in EXCEEDS], label=name)
            frames = errors.error.shape[1]
            power.loglog(np.fft.rfftfreq(frames, 1 / errors.fps)[1:], spectrum(errors)[1:], label=name)
            lags = np.arange(1, min(60, frames // 2))
            memory.plot(1000 * lags / errors.fps, _autocorrelation(errors.moving, lags), label=name)
            middles, medians = _by_score(errors)
            score.semilogy(middles, medians, 'o-', label=name)
        size.set(xlabel='distance, % of the figure', ylabel='share of joints farther off', ylim=(1e-4, 1.2))
        power.set(xlabel='Hz', ylabel='power of the errors')
        memory.set(xlabel='ms', ylabel='autocorrelation')
        score.set(xlabel='score', ylabel='median distance, % of the figure')
        size.legend()
        with atomic_path(path, force) as temporary:
            figure.savefig(temporary, format='svg', metadata={'Date': None})


def _autocorrelation(moving: np.ndarray, lags: Sequence[int]) -> List[float]:
    return [float(np.nanmean(moving[:, n:] * moving[:, :-n]) / np.nanmean(moving**2)) for n in lags]


def _by_score(errors: Errors, least: int = 20):
    whole = np.linalg.norm(errors.error, axis=-1)
    found = []
    for low in np.arange(0, 1, 0.1):
        there = (errors.scores >= low) & (errors.scores <= low + 0.1) & np.isfinite(whole)
        if there.sum() >= least:
            found.append((low + 0.05, 100 * float(np.median(whole[there]))))
    return np.array(found).T if found else (np.zeros(0), np.zeros(0))
