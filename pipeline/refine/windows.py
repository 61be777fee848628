"""Run a network in overlapping windows over a track of any length; blend to one pose per frame.

Windows start every ``step`` frames; one more ends exactly at the track's end, so
that no frame is dropped, and a track shorter than a window is padded with
repeated poses of score 0. The published evaluation does neither (it drops the
tail, and pads with zeros that count; :mod:`pipeline.evaluation.stitching`).

A window of 48 frames is 1.6 seconds of a film, but 0.4 of a high-speed camera's, too short to tell an error from a
motion. Where ``rate`` is given, tracks at twice that get windows of twice as many frames, and the function every second
of these at a time (:func:`by_phases`).
"""

from collections import deque
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Callable, Deque, Iterator, List, Optional, Sequence, Tuple

import numpy as np

# (B, T, K, D) px, (B, T, K) scores, (B, T) seconds -> (B, T, K, D) px, or (B, T, K, D + 1) with sigmas px
WindowFunction = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
# a whole track: (S, K, D) px, (S, K) scores, (S,) seconds
TrackArrays = Tuple[np.ndarray, np.ndarray, np.ndarray]
# how many times as many frames as usual a window has at most, however fast the film: pictures wait in memory
MOST_PHASES = 4


def hann_blend(window: int) -> np.ndarray:
    """``(T,)`` weights that favour the middle, where a window knows both past and future."""
    return np.sin(np.pi * (np.arange(window) + 0.5) / window) ** 2 + 1e-3


def core_blend(window: int, margin: int) -> np.ndarray:
    """``(T,)`` weights that trust only frames at least ``margin`` from both ends.

    The margins keep a vanishing weight: at a track's ends nobody else answers. It falls towards the window's
    ends, so that of two windows there the one that sees further has the say.
    """
    weights = np.ones(window)
    if margin:
        weights[:margin] = np.geomspace(1e-15, 1e-6, margin)
        weights[-margin:] = weights[:margin][::-1]
    return weights


def by_phases(function: WindowFunction, window: int) -> WindowFunction:
    """A function of ``window`` frames, on multiples of that: every n-th frame at a time, each phase by itself.

    Args:
        function: takes windows of ``window`` frames.
        window: ``T``.

    Returns:
        Takes ``(B, n T, K, D)`` px, ``(B, n T, K)`` scores, ``(B, n T)`` seconds.
    """

    def apart(keypoints: np.ndarray, scores: np.ndarray, times: np.ndarray) -> np.ndarray:
        windows, phases = len(keypoints), keypoints.shape[1] // window
        if phases == 1:
            return function(keypoints, scores, times)
        cut = (
            array.reshape(windows, window, phases, *array.shape[2:])
            .swapaxes(1, 2)
            .reshape(-1, window, *array.shape[2:])
            for array in (keypoints, scores, times)
        )
        answer = function(*cut)
        whole = answer.reshape(windows, phases, window, *answer.shape[2:]).swapaxes(1, 2)
        return whole.reshape(windows, phases * window, *answer.shape[2:])

    return apart


class WindowSmoother:
    """Applies a function to overlapping windows of tracks.

    Args:
        function: maps ``(B, T, K, D)`` px, ``(B, T, K)`` scores and ``(B, T)``
            seconds to ``(B, T, K, D)`` px. With a ``rate`` it has to take multiples of ``T`` too.
        window: ``T`` in frames.
        step: frames between the starts of two windows, 1..T.
        blend: ``(T,)`` positive weights of a window's answers.
        sigmas: whether the function also gives, as a last coordinate, a standard deviation in px. Then so do the
            tracks, and of two windows the one that is surer of a joint has more say in it.
        rate: frames per second that ``T`` is meant for; windows of a track at n times that have ``n T`` frames, and
            ``n`` times the step, n up to :data:`MOST_PHASES`. None: all have ``T``.
    """

    def __init__(
        self,
        function: WindowFunction,
        window: int,
        step: int,
        blend: np.ndarray,
        sigmas: bool = False,
        rate: Optional[float] = None,
    ):
        if not 1 <= step <= window or len(blend) != window:
            raise ValueError(f'step {step} must be in 1..{window} and blend have {window} weights, not {len(blend)}')
        self.function, self.window, self.step, self.blend, self.sigmas = function, window, step, blend, sigmas
        self.rate = rate

    @property
    def lookahead(self) -> int:
        return self.window * (MOST_PHASES if self.rate else 1) - 1

    def lookahead_at(self, fps: float) -> int:
        """The most poses that a track at ``fps`` frames per second holds back; a little more where that wavers."""
        return self.window * max(self.phases(1.02 * fps), self.phases(0.98 * fps)) - 1

    def phases(self, fps: float) -> int:
        """How many times as long windows at ``fps`` frames per second are."""
        return min(max(round(fps / self.rate), 1), MOST_PHASES) if self.rate else 1

    def open(self) -> 'WindowTrack':
        return WindowTrack(self)

    def smooth_tracks(self, tracks: Sequence[TrackArrays], batch_size: int = 64) -> List[np.ndarray]:
        """Smooth whole tracks, windows of all of them in batches; what evaluation runs.

        The windows, their blending and the function are those of the stream. A function that treats the
        windows of a batch apart gives the same numbers as the stream to the last bit; a network does so with
        ``batch_size=1``, and up to the rounding of float32 in larger batches.

        Args:
            tracks: of the same joints.
            batch_size: windows that the function is given at once.

        Returns:
            ``(S, K, D)`` float32 px of each track.
        """
        states = [self.open() for _ in tracks]
        poses: List[List[np.ndarray]] = [[] for _ in tracks]
        windows = ((i, window) for i, track in enumerate(tracks) for window in states[i].windows(track))
        for batch in _batches(windows, batch_size):
            answers = self.function(*map(np.stack, zip(*(window.arrays for _, window in batch))))
            for (i, window), answer in zip(batch, answers):
                poses[i] += states[i].blend(window, answer)
        poses = [found + state.rest() for found, state in zip(poses, states)]
        return [
            np.stack(found)[..., : k.shape[-1]] if found else np.zeros(k.shape, np.float32)
            for found, (k, *_) in zip(poses, tracks)
        ]


@dataclass(frozen=True)
class Window:
    """A window that waits for its answer.

    Attributes:
        start: its first frame in the track.
        final: frames of the track before this one are final once it is answered.
        arrays: ``(T, K, D)`` px, ``(T, K)`` scores, ``(T,)`` seconds.
    """

    start: int
    final: int
    arrays: TrackArrays


class WindowTrack:
    """One track under a :class:`WindowSmoother`; holds at most one window of poses.

    :meth:`push` and :meth:`close` are the stream's interface. Whoever wants to run many windows at once takes
    them from :meth:`windows`, gives the answers to :meth:`blend`, in order, and asks for the :meth:`rest`.
    """

    def __init__(self, smoother: WindowSmoother):
        self.smoother = smoother
        self.size, self.step = smoother.window, smoother.step  # until as many poses tell the rate
        # (keypoints, scores, time), newest last
        self.poses: Deque[Tuple[np.ndarray, np.ndarray, float]] = deque(maxlen=smoother.lookahead + 1)
        self.count = 0  # poses added
        self.next_start = 0  # where the next window begins
        self.emitted = 0  # poses given back
        # of the frames from ``emitted`` on: (n, K, D) weighted answers, float64, and (n, K) the sums of their weights
        self.sums: np.ndarray = np.zeros((0, 0, 0))
        self.weights: np.ndarray = np.zeros((0, 0))

    def push(self, keypoints: np.ndarray, scores: np.ndarray, time: float) -> List[np.ndarray]:
        return self._answered(self._add(keypoints, scores, time))

    def close(self) -> List[np.ndarray]:
        return self._answered(self._last()) + self.rest()

    def windows(self, track: TrackArrays) -> Iterator[Window]:
        """The windows that a whole track is cut into, in order."""
        for pose in zip(*track):
            window = self._add(*pose)
            if window is not None:
                yield window
        window = self._last()
        if window is not None:
            yield window

    def blend(self, window: Window, answer: np.ndarray) -> List[np.ndarray]:
        """Take the ``(T, K, D)`` answer to the oldest window without one; returns the poses that are final now."""
        if not len(self.sums):
            self.sums, self.weights = np.zeros((0, *answer.shape[1:])), np.zeros((0, answer.shape[1]))
        first = max(self.emitted - window.start, 0)  # frames given back already, before the end was known
        last = min(len(answer), self.count - window.start)  # frames behind it are padding
        start, end = window.start + first - self.emitted, window.start + last - self.emitted
        if end > len(self.weights):
            more = end - len(self.weights)
            self.sums = np.concatenate([self.sums, np.zeros((more, *answer.shape[1:]))])
            self.weights = np.concatenate([self.weights, np.zeros((more, answer.shape[1]))])
        weights = np.repeat(self._blend(len(answer))[first:last, None], answer.shape[1], axis=1)
        if self.smoother.sigmas:
            # by its square two windows would take turns: their errors are much the same, not independent
            weights = weights / np.nan_to_num(answer[first:last, :, -1], nan=1.0)
        self.sums[start:end] += weights[..., None] * answer[first:last]
        self.weights[start:end] += weights
        return self._emit(window.final)

    def rest(self) -> List[np.ndarray]:
        """The poses still held back once the track has ended and all its windows are answered."""
        return self._emit(self.count)

    def _add(self, keypoints: np.ndarray, scores: np.ndarray, time: float) -> Optional[Window]:
        """Take the next pose; returns the window that it completes, if it does."""
        self.poses.append((keypoints, scores, time))
        self.count += 1
        if self.count == self.smoother.window:
            self._settle()
        if self.count < self.next_start + self.size:
            return None
        start, self.next_start = self.next_start, self.next_start + self.step
        return Window(start, self.next_start, self._held())

    def _last(self) -> Optional[Window]:
        """The window that ends with the track, unless all its frames are in windows."""
        size = min(self.size, -(-self.count // self.smoother.window) * self.smoother.window)
        answered = self.next_start - self.step + self.size if self.next_start else 0
        if self.count <= answered:
            return None
        arrays = self._held() if self.count >= size else _pad(*self._held(), size)
        return Window(max(self.count - size, 0), self.count, arrays)

    def _settle(self) -> None:
        """Read the rate off the first poses, and choose the window's length by it."""
        seconds = self.poses[-1][2] - self.poses[0][2]
        phases = self.smoother.phases((self.count - 1) / seconds) if seconds > 0 else 1
        self.size, self.step = phases * self.smoother.window, phases * self.smoother.step
        self.poses = deque(self.poses, maxlen=self.size)

    def _blend(self, frames: int) -> np.ndarray:
        """``(frames,)`` weights of a window's answers."""
        blend = self.smoother.blend
        if frames == len(blend):
            return blend
        return np.interp((np.arange(frames) + 0.5) / frames, (np.arange(len(blend)) + 0.5) / len(blend), blend)

    def _held(self) -> TrackArrays:
        keypoints, scores, times = map(np.stack, zip(*self.poses))
        return keypoints, scores, times

    def _answered(self, window: Optional[Window]) -> List[np.ndarray]:
        if window is None:
            return []
        return self.blend(window, self.smoother.function(*(array[None] for array in window.arrays))[0])

    def _emit(self, end: int) -> List[np.ndarray]:
        ready = end - self.emitted
        if not ready:
            return []
        poses = (self.sums[:ready] / self.weights[:ready, :, None]).astype(np.float32)
        self.sums, self.weights, self.emitted = self.sums[ready:], self.weights[ready:], end
        return list(poses)


def _batches(windows: Iterator[Tuple[int, Window]], size: int) -> Iterator[List[Tuple[int, Window]]]:
    """Up to ``size`` windows of one length at a time, in order."""
    for _, alike in groupby(windows, key=lambda window: len(window[1].arrays[0])):
        while batch := list(islice(alike, size)):
            yield batch


def _pad(keypoints: np.ndarray, scores: np.ndarray, times: np.ndarray, window: int) -> TrackArrays:
    missing = window - len(times)
    interval = (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else 1 / 30
    return (
        np.concatenate([keypoints, np.repeat(keypoints[-1:], missing, 0)]),
        np.concatenate([scores, np.zeros((missing,) + scores.shape[1:], scores.dtype)]),
        np.concatenate([times, times[-1] + interval * np.arange(1, missing + 1)]),
    )
