"""Parse start and end (seconds or a frame number) and frame rates."""

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Optional, Tuple, Union

import numpy as np

from pipeline.errors import InputError
from pipeline.reading import exact_fraction

_CLOCK = re.compile(r'(?:(?:(?P<hours>\d+):)?(?P<minutes>\d+):)?(?P<seconds>\d+(?:\.\d*)?|\.\d+)s?')
_FRAME = re.compile(r'(?P<frame>\d+)f')

# half a tick of the finest clock in use (Matroska's and cameras' milliseconds are coarser):
# a frame whose time was rounded down still counts as being at the time that was asked for
_ROUNDING = 1e-6
_MAX_RATE = 1000


@dataclass(frozen=True)
class Moment:
    """A place in a source.

    Attributes:
        value: seconds since the first frame, or a frame's index from 0.
        in_frames: which of the two.
    """

    value: Union[float, int]
    in_frames: bool = False

    def __str__(self) -> str:
        return f'{self.value}f' if self.in_frames else f'{self.value:g} s'


RateLike = Union[None, str, int, float, Fraction]
MomentLike = Union[None, str, int, float, Fraction, Moment]


def parse_moment(text: MomentLike) -> Optional[Moment]:
    """Read ``'12.5'``, ``'12.5s'``, ``'1:02.5'`` (seconds) or ``'300f'`` (a frame); numbers are seconds.

    Raises:
        InputError: if ``text`` is none of these, or negative.
    """
    if text is None or isinstance(text, Moment):
        return text
    if isinstance(text, str):
        frame = _FRAME.fullmatch(text.strip())
        if frame:
            return Moment(int(frame['frame']), in_frames=True)
        clock = _CLOCK.fullmatch(text.strip())
        if clock:
            hours, minutes = int(clock['hours'] or 0), int(clock['minutes'] or 0)
            return Moment(3600 * hours + 60 * minutes + float(clock['seconds']))
    elif math.isfinite(text) and text >= 0:
        return Moment(float(text))
    raise InputError(f'{text!r} is not a moment of a video; give seconds (12.5 or 1:02.5) or a frame (300f)')


def parse_rate(fps: RateLike) -> Optional[Fraction]:
    """Frames per second as a fraction: 25, 29.97, '30000/1001'.

    Raises:
        InputError: if it is not a number above 0 and up to 1000.
    """
    if fps is None:
        return None
    try:
        rate = exact_fraction(fps)
    except (ValueError, OverflowError, ZeroDivisionError):
        rate = Fraction(0)
    if not 0 < rate <= _MAX_RATE:
        raise InputError(f'frame rate {fps!r}: give a number above 0 and up to {_MAX_RATE}, such as 25 or 30000/1001')
    return simple_rate(rate)


def simple_rate(rate: Union[float, Fraction]) -> Fraction:
    """The nearest fraction of small numbers: 30000/1001 of 29.97003, 1/3600 of a picture an hour.

    Args:
        rate: frames per second, above 0. Of fewer than one a second it is the seconds between two frames that become
            simple, since the rate itself might become 0.
    """
    rate = Fraction(rate)
    return rate.limit_denominator(1001) if rate >= 1 else 1 / (1 / rate).limit_denominator(1001)


def frame_range(name: str, times: np.ndarray, start: Optional[Moment], end: Optional[Moment]) -> Tuple[int, int]:
    """Frames from ``start`` up to, but without, ``end``.

    Args:
        name: of the source, for the error.
        times: ``(F,)`` increasing, seconds since the first frame.

    Returns:
        ``(first, last)``: indices with ``first <= i < last``; ``last`` is at most F.

    Raises:
        InputError: if that leaves no frame.
    """
    first = 0 if start is None else _index(times, start)
    last = len(times) if end is None else min(_index(times, end), len(times))
    if first >= len(times):
        raise InputError(f'{name}: cannot start at {start}: it has {len(times)} frames, the last at {times[-1]:.3f} s')
    if first >= last:
        raise InputError(f'{name}: no frame lies between start {start or "0 s"} and end {end}')
    return first, last


def is_reached(moment: Optional[Moment], index: int, seconds: float, default: bool = False) -> bool:
    """Whether frame ``index`` at ``seconds`` is at ``moment`` or after it; ``default`` without a moment."""
    if moment is None:
        return default
    return index >= moment.value if moment.in_frames else seconds >= moment.value - _ROUNDING


def _index(times: np.ndarray, moment: Moment) -> int:
    return moment.value if moment.in_frames else int(np.searchsorted(times, moment.value - _ROUNDING))
