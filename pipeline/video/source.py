"""Frame sources: the one interface of files, images and cameras."""

import math
from abc import ABC, abstractmethod
from typing import Iterator

from pipeline.errors import InputError
from pipeline.types import Frame, VideoInfo


class VideoSource(ABC):
    """A row of frames, to be used as a context manager and iterated over once, or more often if ``repeatable``.

    Attributes:
        info: what is known before the first frame.
        first: index of the first frame that is asked for.
        skipped: frames left out so far because they were damaged.
        repeatable: whether iterating once more gives the same frames again, as files do and cameras do not.
    """

    info: VideoInfo
    first: int = 0
    skipped: int = 0
    repeatable: bool = False

    @property
    def picture_bytes(self) -> int:
        """Bytes that a picture takes while it waits."""
        return 3 * self.info.width * self.info.height

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """Frames in the order in which they are shown; each is later than the one before."""

    def close(self) -> None:  # noqa: B027, sources that hold nothing need not define it
        """Let go of files and devices."""

    def __enter__(self) -> 'VideoSource':
        return self

    def __exit__(self, *_) -> None:
        self.close()


def in_order(source: VideoSource) -> Iterator[Frame]:
    """The frames of a source, which may be somebody's own.

    Raises:
        InputError: for one that is not later than the one before: speeds and gaps are divided by the time between.
    """
    latest, frames = -math.inf, iter(source)
    try:
        for frame in frames:
            if not latest < frame.time:
                raise InputError(
                    f'{source.info.name}: frame {frame.index} is at {frame.time:g} s, after one at {latest:g} s: '
                    'times must increase'
                )
            latest = frame.time
            yield frame
    finally:
        if hasattr(frames, 'close'):
            frames.close()
