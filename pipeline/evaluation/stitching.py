"""The protocols' own windows: cut out of sequences for test data sets, and put together again for metrics.

This is protocol code, not what smooths tracks: published tables (Sub-JHMDB, Human3.6M in 3D, 3DPW, AIST++)
stitch windows by plain means, drop what no window covers and pad with zeros, and fixtures of the published
code hold us to that. The video chain, and every table of smoothers, run :mod:`pipeline.refine.windows`.

Legend: ``W`` windows, ``T`` frames of a window, ``S`` frames of the sequence.
"""

from typing import Optional, Sequence

import numpy as np

from pipeline.errors import InputError


def window_starts(length: int, window: int, step: int, cover: bool = True) -> np.ndarray:
    """First frames of the windows of a sequence.

    Args:
        length: ``S``.
        window: ``T``.
        step: frames between windows, from 1 up to ``T``; more would leave frames between them out.
        cover: let a last window end with the sequence, so that no frame is left out. The
            published protocol does not: up to ``step - 1`` frames at the end are not evaluated.

    Raises:
        InputError: if the step is below 1 or above the window.
    """
    if not 1 <= step <= window:
        raise InputError(f'step {step}: 1 to {window} frames are needed, for windows of {window}')
    if length <= window:
        return np.zeros(1, np.int64)
    starts = np.arange(0, length - window + 1, step)
    if cover and starts[-1] + window < length:
        starts = np.append(starts, length - window)
    return starts


def cut(sequence: np.ndarray, starts: Sequence[int], window: int, pad: str = 'edge') -> np.ndarray:
    """Windows ``(W, T, ...)`` of a sequence ``(S, ...)``.

    Args:
        sequence: any array over frames.
        starts: first frames.
        window: ``T``; a shorter sequence is padded at its end.
        pad: 'edge' repeats the last frame, 'zero' is the published padding.
    """
    missing = window - len(sequence)
    if missing > 0:
        tail = np.repeat(sequence[-1:], missing, axis=0)
        sequence = np.concatenate([sequence, tail if pad == 'edge' else np.zeros_like(tail)])
    return np.stack([sequence[start : start + window] for start in starts])


def stitch(windows: np.ndarray, starts: Sequence[int], length: int, blend: Optional[np.ndarray] = None) -> np.ndarray:
    """Blend overlapping windows.

    Args:
        windows: ``(W, T, ...)``.
        starts: ``(W,)`` first frames; every frame must be in some window.
        length: ``S``.
        blend: ``(T,)`` positive weights of a window's frames, such as the chain's own
            :func:`pipeline.refine.windows.hann_blend`; None is the published plain mean.

    Returns:
        ``(S, ...)`` float32.

    Raises:
        ValueError: if windows leave a frame out.
    """
    window = windows.shape[1]
    weight = np.ones(window) if blend is None else np.asarray(blend, np.float64)
    weight = weight.reshape((window,) + (1,) * (windows.ndim - 2))
    total = np.zeros((length, *windows.shape[2:]))
    norm = np.zeros((length,) + (1,) * (windows.ndim - 2))
    for part, start in zip(windows, starts):
        end = min(start + window, length)
        total[start:end] += (part * weight)[: end - start]
        norm[start:end] += weight[: end - start]
    if not norm.all():
        raise ValueError(f'frame {int(norm.argmin())} of {length} is in no window')
    return (total / norm).astype(np.float32)
