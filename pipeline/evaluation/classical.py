"""Classical smoothing filters on whole sequences, with the grids that they are tuned on.

Gaussian and Savitzky-Golay come from SciPy; One-Euro (Casiez et al., CHI 2012) is causal.
"""

from typing import Dict, Iterator, Tuple

import numpy as np
from scipy.ndimage import gaussian_filter1d, median_filter
from scipy.signal import savgol_filter

from pipeline.evaluation.refine_sequences import SequenceFilter


def gaussian(sigma: float) -> SequenceFilter:
    """Gaussian of ``sigma`` frames."""
    return lambda estimate, fps, scores=None: gaussian_filter1d(estimate, sigma, axis=0, mode='nearest')


def savitzky_golay(window: int, order: int) -> SequenceFilter:
    """Local polynomials of ``order`` over ``window`` (odd) frames."""

    def apply(estimate, fps, scores=None):
        return savgol_filter(estimate, min(window, (len(estimate) - 1) // 2 * 2 + 1), order, axis=0)

    return apply


def median_gaussian(width: int, sigma: float) -> SequenceFilter:
    """A median over ``width`` frames against outliers, then a Gaussian."""

    def apply(estimate, fps, scores=None):
        steady = median_filter(estimate, (width, 1, 1), mode='nearest')
        return gaussian_filter1d(steady, sigma, axis=0, mode='nearest')

    return apply


def one_euro(min_cutoff: float, beta: float, derivative_cutoff: float = 1.0) -> SequenceFilter:
    """One-Euro filter: a causal low-pass whose cut-off rises with speed.

    Args:
        min_cutoff: Hz, for a joint at rest.
        beta: Hz per (px/s) of speed.
        derivative_cutoff: Hz, smoothing of the speed.
    """

    def apply(estimate: np.ndarray, fps: float, scores=None) -> np.ndarray:
        def gain(cutoff):
            r = 2 * np.pi * cutoff / fps
            return r / (r + 1)

        smooth = np.empty_like(estimate)
        smooth[0] = estimate[0]
        speed = np.zeros_like(estimate[0])
        for t in range(1, len(estimate)):
            speed += gain(derivative_cutoff) * ((estimate[t] - estimate[t - 1]) * fps - speed)
            smooth[t] = smooth[t - 1] + gain(min_cutoff + beta * np.abs(speed)) * (estimate[t] - smooth[t - 1])
        return smooth

    return apply


def tuning_grids() -> Dict[str, Iterator[Tuple[str, SequenceFilter]]]:
    """Candidates of each family, as (label, filter)."""
    return {
        'Gaussian': [(f'sigma {s}', gaussian(s)) for s in (1, 1.5, 2, 3, 4, 5, 6, 8)],
        'Savitzky-Golay': [
            (f'window {w}, order {o}', savitzky_golay(w, o)) for o in (1, 2, 3) for w in (7, 11, 15, 21, 27, 35, 45)
        ],
        'One-Euro': [
            (f'min_cutoff {c} Hz, beta {b}', one_euro(c, b))
            for c in (0.5, 1, 2, 4, 8)
            for b in (0.0, 0.005, 0.02, 0.08)
        ],
        'median + Gaussian': [
            (f'median {w}, sigma {s}', median_gaussian(w, s)) for w in (5, 9, 15, 25) for s in (1.5, 2.5, 4)
        ],
    }
