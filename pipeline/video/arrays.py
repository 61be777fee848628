"""Frames that are in memory already, or made one by one: a list or an iterator of arrays."""

from itertools import chain
from typing import Any, Iterable, Iterator, Optional, Sized

import numpy as np

from pipeline.errors import InputError
from pipeline.moments import MomentLike, RateLike, frame_range, is_reached, parse_moment, parse_rate
from pipeline.types import Frame, VideoInfo
from pipeline.video.source import VideoSource


class ArraySource(VideoSource):
    """Pictures ``(H, W, 3)`` uint8 RGB of one size.

    They are taken one by one as frames are asked for, and copied: an iterator may use one buffer
    for all of them, and nobody draws into the caller's arrays.

    Args:
        arrays: a list, an array ``(T, H, W, 3)``, or any iterable, of one picture at least.
        fps: frames per second, exact if a ``Fraction``.
        name: stem of output files.
        start, end: what to read; ``end`` is not included.

    Raises:
        InputError: for an impossible rate; if there is no picture, or none in the range; here
            or while iterating, for one that is not uint8 RGB or not as large as the first.
    """

    def __init__(
        self,
        arrays: Iterable[np.ndarray],
        fps: RateLike = 30,
        name: str = 'arrays',
        start: MomentLike = None,
        end: MomentLike = None,
    ):
        self._fps = rate = parse_rate(fps)
        self._start, self._end = parse_moment(start), parse_moment(end)
        count: Optional[int] = None
        if isinstance(arrays, Sized) and len(arrays):
            first, last = frame_range(name, np.arange(len(arrays)) / float(rate), self._start, self._end)
            self.first, count = first, last - first
        pictures = iter(arrays)
        self.repeatable = pictures is not arrays  # a list, and no iterator, which is used up
        sample = next(pictures, None)
        if sample is None:
            raise InputError(f'{name}: holds no picture')
        self._name, self._shape = name, np.shape(sample)
        _check(name, 0, sample, self._shape)
        self._pictures = arrays if self.repeatable else chain([sample], pictures)
        height, width = self._shape[:2]
        self.info = VideoInfo(name, width, height, self._fps, count, start=float(self.first / self._fps))

    def __iter__(self) -> Iterator[Frame]:
        for i, picture in enumerate(self._pictures):
            time = float(i / self._fps)
            if is_reached(self._end, i, time):
                return
            _check(self._name, i, picture, self._shape)
            if is_reached(self._start, i, time, default=True):
                yield Frame(i, time, np.array(picture, order='C'))


def _check(name: str, position: int, picture: Any, shape: tuple) -> None:
    if not isinstance(picture, np.ndarray) or picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
        found = f'{picture.dtype} {picture.shape}' if isinstance(picture, np.ndarray) else type(picture).__name__
        raise InputError(f'{name}[{position}]: is {found}, a picture must be a uint8 array (H, W, 3), RGB')
    if picture.shape != shape or not picture.size:
        sizes = f'{picture.shape[1]}x{picture.shape[0]} px, the first is {shape[1]}x{shape[0]}'
        raise InputError(f'{name}[{position}]: is {sizes}; all pictures need one size above 0')
