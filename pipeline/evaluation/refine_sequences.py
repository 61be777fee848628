"""A refiner or a classical filter over whole sequences, as tables need it."""

from typing import Callable, Optional, Sequence

import numpy as np
import torch

from pipeline.evaluation.stitching import cut, stitch, window_starts

SequenceFilter = Callable[..., np.ndarray]
"""``(estimate, fps, scores=None)``: an estimate ``(S, K, D)``, its frame rate and scores ``(S, K)``, to the
refined ``(S, K, D)``."""


def windowed(
    refiner, step: int, weights: str = 'triangle', flip: Optional[Sequence[int]] = None, batch_size: int = 256
) -> SequenceFilter:
    """Run a :class:`SequenceRefiner` over overlapping windows and blend them.

    Args:
        refiner: the trained network.
        step: frames between windows; smaller steps average more answers.
        weights: how windows are blended, see :func:`stitch`.
        flip: mirror joint indices; the mirrored sequence is refined as well and both answers averaged
            (x changes its sign).
        batch_size: windows at a time.
    """

    def apply(estimate: np.ndarray, fps: float, scores: Optional[np.ndarray] = None) -> np.ndarray:
        if scores is None:
            scores = np.ones(estimate.shape[:2], np.float32)
        starts = window_starts(len(estimate), refiner.window, step)

        def windows(poses, trust):
            return _refine(
                refiner, cut(poses, starts, refiner.window), cut(trust, starts, refiner.window), fps, batch_size
            )

        refined = windows(estimate, scores)
        if flip is not None:
            mirrored = _mirror(windows(_mirror(estimate, flip), scores[:, list(flip)]), flip)
            refined = (refined + mirrored) / 2
        return stitch(refined, starts, len(estimate), weights)

    return apply


def _refine(refiner, windows: np.ndarray, scores: np.ndarray, fps: float, batch_size: int) -> np.ndarray:
    parts = []
    for i in range(0, len(windows), batch_size):
        part, trust = (
            torch.from_numpy(np.ascontiguousarray(array[i : i + batch_size], np.float32)) for array in (windows, scores)
        )
        parts.append(refiner.refine(part, trust, part.new_full((len(part),), fps)).numpy())
    return np.concatenate(parts)


def _mirror(poses: np.ndarray, flip: Sequence[int]) -> np.ndarray:
    return poses[..., list(flip), :] * np.array([-1] + [1] * (poses.shape[-1] - 1), poses.dtype)
