"""A source that notes when each frame was taken from it."""

import time
from typing import Dict, Iterator

from pipeline.types import Frame
from pipeline.video.source import VideoSource


class Stamped(VideoSource):
    """Another source, frame by frame.

    Attributes:
        arrivals: seconds on :func:`time.monotonic` by index of frame; whoever reads one takes it out.
    """

    def __init__(self, source: VideoSource):
        self._source = source
        self.info, self.first, self.repeatable = source.info, source.first, source.repeatable
        self.arrivals: Dict[int, float] = {}

    @property
    def skipped(self) -> int:  # type: ignore[override]
        return self._source.skipped

    @property
    def picture_bytes(self) -> int:
        return self._source.picture_bytes

    def __iter__(self) -> Iterator[Frame]:
        for frame in self._source:
            self.arrivals[frame.index] = time.monotonic()
            yield frame

    def close(self) -> None:
        self._source.close()
