"""Whole pictures from two fields each, as camcorders and television record, by FFmpeg's filter."""

from fractions import Fraction
from typing import Iterator, List, Tuple

import av
from av.filter import Graph

_SMALLEST = 3  # px of a side that the filter takes

Numbered = Tuple[int, av.VideoFrame]


def deinterlaced(frames: Iterator[Numbered]) -> Iterator[Numbered]:
    """Frames without combs: those marked as interlaced go through ``bwdif``, the others pass as they are.

    The number of frames stays. Each needs its neighbours, so they come one frame late.
    """
    filter, layout = None, None
    for number, frame in frames:
        if filter is None or layout != _layout(frame):
            yield from filter.flush() if filter else ()
            filter, layout = _Filter(frame), _layout(frame)
        yield from filter.push(number, frame)
    yield from filter.flush() if filter else ()


def _layout(frame: av.VideoFrame) -> tuple:
    return frame.width, frame.height, frame.format.name


class _Filter:
    """``bwdif`` for pictures of one layout; their numbers travel as time stamps."""

    def __init__(self, frame: av.VideoFrame):
        self._graph = Graph()
        name, options = 'bwdif', 'mode=send_frame:parity=auto:deint=interlaced'
        if min(frame.width, frame.height) < _SMALLEST:
            name, options = 'null', None
        source = self._graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1)
        )
        source.link_to(step := self._graph.add(name, options))
        step.link_to(self._graph.add('buffersink'))
        self._graph.configure()
        self._meaning = frame.colorspace, frame.color_range

    def push(self, number: int, frame: av.VideoFrame) -> List[Numbered]:
        frame.pts, frame.time_base = number, Fraction(1)
        self._meaning = frame.colorspace, frame.color_range
        self._graph.vpush(frame)
        return list(self._pull())

    def flush(self) -> List[Numbered]:
        self._graph.vpush(None)
        return list(self._pull())

    def _pull(self) -> Iterator[Numbered]:
        while True:
            try:
                frame = self._graph.vpull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            frame.colorspace, frame.color_range = self._meaning  # filters of FFmpeg forget them
            yield round(frame.pts * frame.time_base), frame
