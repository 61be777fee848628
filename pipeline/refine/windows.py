"""Overlapping windows over a track of any length, blended into one answer per frame.

Windows start every ``step`` frames; one more ends exactly at the track's end, so
that no frame is dropped, and a track shorter than a window is padded with
repeated poses of score 0. The published evaluation does neither (it drops the
tail, and pads with zeros that count).
"""

from collections import deque
from typing import Callable, Deque, List, Tuple

import numpy as np

# (B, T, K, 2) px, (B, T, K) scores, (B, T) seconds -> (B, T, K, 2) px
WindowFunction = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def hann_blend(window: int) -> np.ndarray:
    """``(T,)`` weights that favour the middle, where a window knows both past and future."""
    return np.sin(np.pi * (np.arange(window) + 0.5) / window) ** 2 + 1e-3


def core_blend(window: int, margin: int) -> np.ndarray:
    """``(T,)`` weights that trust only frames at least ``margin`` from both ends.

    The margins keep a vanishing weight: at a track's ends nobody else answers.
    """
    weights = np.ones(window)
    if margin:
        weights[:margin] = weights[-margin:] = 1e-9
    return weights


class WindowSmoother:
    """Applies a function of fixed window length along tracks.

    Args:
        function: maps ``(B, T, K, 2)`` px, ``(B, T, K)`` scores and ``(B, T)``
            seconds to ``(B, T, K, 2)`` px.
        window: ``T`` in frames.
        step: frames between the starts of two windows, 1..T.
        blend: ``(T,)`` positive weights of a window's answers.
    """

    def __init__(self, function: WindowFunction, window: int, step: int, blend: np.ndarray):
        if not 1 <= step <= window or len(blend) != window:
            raise ValueError(f'step {step} must be in 1..{window} and blend have {window} weights, not {len(blend)}')
        self.function, self.window, self.step, self.blend = function, window, step, blend

    @property
    def lookahead(self) -> int:
        return self.window - 1

    def open(self) -> 'WindowTrack':
        return WindowTrack(self)


class WindowTrack:
    """One track under a :class:`WindowSmoother`; holds at most one window of poses."""

    def __init__(self, smoother: WindowSmoother):
        self.smoother = smoother
        self.poses: Deque[Tuple[np.ndarray, np.ndarray, float]] = deque(
            maxlen=smoother.window
        )  # (keypoints, scores, time), newest last
        self.count = 0  # poses pushed
        self.next_start = 0  # where the next window begins
        self.emitted = 0  # poses given back
        self.sums: List[np.ndarray] = []  # blended answers of frames emitted..next_start + window
        self.weights: List[float] = []

    def push(self, keypoints: np.ndarray, scores: np.ndarray, time: float) -> List[np.ndarray]:
        self.poses.append((keypoints, scores, time))
        self.count += 1
        if self.count < self.next_start + self.smoother.window:
            return []
        self._run(self.next_start, *map(np.stack, zip(*self.poses)))
        self.next_start += self.smoother.step
        return self._emit(self.next_start)

    def close(self) -> List[np.ndarray]:
        window = self.smoother.window
        answered = self.next_start - self.smoother.step + window if self.next_start else 0
        if self.count > answered:
            keypoints, scores, times = map(np.stack, zip(*self.poses))
            if self.count < window:
                keypoints, scores, times = _pad(keypoints, scores, times, window)
            self._run(max(self.count - window, 0), keypoints, scores, times)
        return self._emit(self.count)

    def _run(self, start: int, keypoints: np.ndarray, scores: np.ndarray, times: np.ndarray) -> None:
        answer = self.smoother.function(keypoints[None], scores[None], times[None])[0]
        for frame, pose, weight in zip(range(start, start + len(answer)), answer, self.smoother.blend):
            slot = frame - self.emitted
            if slot < 0:  # given back already, before the end was known
                continue
            if slot == len(self.sums):
                self.sums.append(np.zeros(()))
                self.weights.append(0.0)
            self.sums[slot] = self.sums[slot] + weight * pose
            self.weights[slot] += weight

    def _emit(self, end: int) -> List[np.ndarray]:
        ready = end - self.emitted
        poses = [total / weight for total, weight in zip(self.sums[:ready], self.weights[:ready])]
        del self.sums[:ready], self.weights[:ready]
        self.emitted = end
        return [pose.astype(np.float32) for pose in poses]


def _pad(keypoints, scores, times, window):
    missing = window - len(times)
    interval = (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else 1 / 30
    return (
        np.concatenate([keypoints, np.repeat(keypoints[-1:], missing, 0)]),
        np.concatenate([scores, np.zeros((missing,) + scores.shape[1:], scores.dtype)]),
        np.concatenate([times, times[-1] + interval * np.arange(1, missing + 1)]),
    )
