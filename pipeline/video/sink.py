"""Frame sinks: how writing ends, and writing in a thread of its own."""

import threading
from abc import ABC, abstractmethod
from typing import Optional, Tuple, Union

import numpy as np

from pipeline.video.threads import Channel
from pipeline.video.yuv import Planes, YuvPicture

# what can be encoded: (H, W, 3) uint8 RGB, or YUV 4:2:0
PictureLike = Union[np.ndarray, YuvPicture, Planes]


class FrameSink(ABC):
    """Takes frames; as a context manager it decides whether the file is kept.

    A normal end, Ctrl-C and a closed generator keep what was written so far,
    as a playable file; any other exception leaves nothing behind.
    """

    @abstractmethod
    def write(self, image: PictureLike, time: float) -> None:
        """Append a picture, shown at ``time`` seconds of the source: ``(H, W, 3)`` uint8 RGB, or YUV."""

    @abstractmethod
    def finish(self) -> None:
        """Complete the file under its final name."""

    @abstractmethod
    def abort(self) -> None:
        """Leave nothing behind. Does nothing after :meth:`finish`."""

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback) -> None:
        if kind is None or issubclass(kind, (KeyboardInterrupt, GeneratorExit)):
            self.finish()
        else:
            self.abort()


class BackgroundWriter(FrameSink):
    """Runs another sink in a thread, so that encoding overlaps with everything else.

    A written image belongs to the writer: do not draw on it afterwards. An
    exception of the sink is raised by the next ``write`` or by ``finish``.

    Args:
        sink: is only touched by the thread until ``finish`` or ``abort``.
        size: images that wait at most; ``write`` blocks when they do.
    """

    SIZE = 4

    def __init__(self, sink: FrameSink, size: int = SIZE):
        self._sink = sink
        self._channel: Channel[Tuple[PictureLike, float]] = Channel(size)
        self._error: Optional[BaseException] = None
        self._thread = threading.Thread(target=self._run, name='write', daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            for image, time in self._channel:
                self._sink.write(image, time)
        except BaseException as error:  # raised again in the caller's thread
            self._error = error
            self._channel.abandon()

    def write(self, image: PictureLike, time: float) -> None:
        if not self._channel.put((image, time)):
            self._raise()

    def _raise(self) -> None:
        error, self._error = self._error, None
        if error is None:
            raise ValueError('written to after finish or abort')
        self._sink.abort()
        raise error

    def finish(self) -> None:
        self._channel.end()
        self._thread.join()
        if self._error is not None:
            self._raise()
        self._sink.finish()

    def abort(self) -> None:
        self._channel.abandon()
        self._channel.end()
        self._thread.join()
        self._sink.abort()
