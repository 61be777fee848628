"""Read frames of a camera or a network stream, through OpenCV."""

import os
import re
import stat
import threading
import time
from fractions import Fraction
from itertools import chain, islice
from typing import Iterator, List, Optional, Tuple, Union

import cv2
import numpy as np

from pipeline.addresses import scheme_of, shown
from pipeline.errors import InputError
from pipeline.moments import Moment, is_reached, simple_rate
from pipeline.types import Frame, VideoInfo
from pipeline.video.arrival import EvenClock
from pipeline.video.containers import STREAM_FORMATS, STREAM_PROTOCOLS
from pipeline.video.limits import check_size
from pipeline.video.source import VideoSource
from pipeline.video.threads import JOIN_SECONDS, Channel

_DEFAULT_RATE = Fraction(30)
_MAX_RATE = 240
_QUEUE = 4
_MEASURED_SECONDS = 1.0  # in which a camera's rate is measured, if it does not say
_LONGEST = 1e9  # seconds; OpenCV gives larger numbers, and negative ones, where it knows nothing
_PACED_BYTES = 1 << 27  # of pictures that wait for a chain that is still being loaded
_SILENT = 0
_MAX_CAMERA = 99  # from 100 on OpenCV takes the hundreds for one of its ways to read files
# what OpenCV reads whenever it opens a stream; the second part are the options that we set
_OPTIONS, _LIMITED = 'OPENCV_FFMPEG_CAPTURE_OPTIONS', ('protocol_whitelist;', 'format_whitelist;')
_UNPLUGGED = re.compile(r'/dev/(video\d+|v4l/.+)')  # a camera's name, whether it is there or not
# sources that do not wait for us: what is not taken in time is lost, or delays all that follows
_REAL_TIME = ('rtsp', 'rtsps', 'rtmp', 'rtmps', 'rtp', 'udp', 'srt')


Arrival = Tuple[float, float, np.ndarray]  # seconds of the wall clock and of the stream's own, picture


class LiveSource(VideoSource):
    """A camera (index or device) or a stream URL, read in a thread of its own.

    Cameras and real-time streams (RTSP, RTMP, RTP, UDP, SRT) drop their oldest
    waiting frame when the consumer is slow, and their frames carry the time of arrival, its jitter
    evened out. So do streams that tell no times and come one by one (MJPEG of cameras
    over HTTP), of which some seconds wait. Other URLs wait, and keep their own times.

    Args:
        address: camera index, device path or URL.
        start, end: what to keep of it; ``end`` is not included.
        fps: rate to assume; None asks the source.
        timeout: seconds without a frame after which the source counts as stalled.

    Raises:
        InputError: if it cannot be opened; while iterating, if it stalls.
    """

    def __init__(
        self,
        address: Union[int, str],
        start: Optional[Moment] = None,
        end: Optional[Moment] = None,
        fps: Optional[Fraction] = None,
        timeout: float = 10.0,
    ):
        self._address, self._start, self._end, self._timeout = address, start, end, timeout
        self._stalled = f'{shown(str(address))}: no frame came within {timeout:g} s'
        self._real_time = is_device(address) or scheme_of(address) in _REAL_TIME
        self._channel: Channel[Tuple[int, float, np.ndarray]] = Channel(_QUEUE)
        self._opened = threading.Event()
        self._rate = _DEFAULT_RATE
        self._thread = threading.Thread(target=self._capture, name='capture', daemon=True)
        self._thread.start()
        self._head = self._receive()
        if self._head is None:
            raise InputError(f'{shown(str(address))}: cannot be opened or gives no frame')
        _, _, image = self._head
        try:
            check_size(shown(str(address)), image.shape[1], image.shape[0])
        except InputError:
            self.close()
            raise
        self.info = VideoInfo(
            name=live_name(address), width=image.shape[1], height=image.shape[0], fps=fps or self._rate
        )

    def __iter__(self) -> Iterator[Frame]:
        received, self._head = self._head, None
        while received is not None:
            index, seconds, image = received
            if is_reached(self._end, index, seconds):
                return
            if image.shape[:2] != (self.info.height, self.info.width):  # streams may change size as they go
                image = cv2.resize(image, (self.info.width, self.info.height), interpolation=cv2.INTER_AREA)
            if is_reached(self._start, index, seconds, default=True):
                yield Frame(index, seconds, image)
            received = self._receive()

    def close(self) -> None:
        self._channel.abandon()
        self._thread.join(JOIN_SECONDS)

    def _receive(self) -> Optional[Tuple[int, float, np.ndarray]]:
        try:
            return self._channel.get(self._timeout)
        except TimeoutError:
            self._channel.abandon()
            raise InputError(self._stalled) from None
        except StopIteration:
            return None

    def _capture(self) -> None:
        """The thread: frames into the channel until the source ends or nobody wants them."""
        try:
            capture = _open(self._address, self._timeout)
            try:
                self._rate = _sane_rate(capture.get(cv2.CAP_PROP_FPS))
                self._pump(capture)
            finally:
                capture.release()
        except BaseException as error:  # belongs to the consumer
            self._channel.end(error)
        else:
            self._channel.end()

    def _pump(self, capture: cv2.VideoCapture) -> None:
        frames = _read(capture)
        head, clocked = [] if self._real_time else list(islice(frames, 2)), False
        if head:
            stamps = [stamp for _, stamp, _ in head]
            clocked = 0 <= stamps[0] < stamps[-1] < _LONGEST
        if len(head) == 2 and not clocked:
            self._real_time = self._is_paced(head, frames)
            self._channel.widen(_PACED_BYTES // max(head[0][2].nbytes, 1))
        put = self._channel.put_latest if self._real_time else self._channel.put
        even, latest = EvenClock(), -1.0
        for index, (arrival, stamp, image) in enumerate(chain(head, frames)):
            if self._real_time:
                seconds = even(arrival)
            else:
                seconds = stamp - stamps[0] if clocked else index / float(self._rate)
                if seconds <= latest:  # a clock that was set back
                    seconds = latest + 1 / float(self._rate)
            latest = seconds
            if not put((index, seconds, cv2.cvtColor(image, cv2.COLOR_BGR2RGB))):
                return

    def _is_paced(self, head: List[Arrival], frames: Iterator[Arrival]) -> bool:
        """Whether pictures without time stamps come one by one, as from a camera, not as fast as they are read.

        Reads some more of them into ``head``; a camera's rate is measured then.
        """
        while len(head) < _QUEUE and head[-1][0] - head[0][0] < _MEASURED_SECONDS:
            if (more := next(frames, None)) is None:
                break
            head.append(more)
        step = float(np.median(np.diff([arrival for arrival, _, _ in head])))
        if step < 1 / _MAX_RATE:
            return False
        self._rate = max(Fraction(1 / step).limit_denominator(2 if step < 0.5 else 100), Fraction(1, 100))
        return True


def _read(capture: cv2.VideoCapture) -> Iterator[Arrival]:
    while True:
        done, image = capture.read()
        if not done:
            return
        yield time.monotonic(), capture.get(cv2.CAP_PROP_POS_MSEC) / 1000, image


def device(text: str) -> Union[int, str]:
    """The camera that ``text`` names: an index, or the path of a device.

    Raises:
        InputError: for an index that no camera has.
    """
    if not text.isdigit():
        return text
    if len(text) > len(str(_MAX_CAMERA)):
        raise InputError(f'camera {shown(text)}: cameras are numbered from 0 to {_MAX_CAMERA}')
    return int(text)


def _open(address: Union[int, str], timeout: float) -> cv2.VideoCapture:
    # what goes wrong is said in one line by us, not by OpenCV or the FFmpeg within it
    cv2.setLogLevel(_SILENT)
    os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')
    if isinstance(address, int):
        return cv2.VideoCapture(address)
    if is_device(address):  # by the camera's driver, for others would take the name for a video or its playlist
        return cv2.VideoCapture(address, cv2.CAP_V4L2)
    os.environ[_OPTIONS] = _limited(os.environ.get(_OPTIONS, 'rtsp_flags;prefer_tcp'))
    milliseconds = int(1000 * timeout)
    return cv2.VideoCapture(
        address,
        cv2.CAP_FFMPEG,
        [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, milliseconds, cv2.CAP_PROP_READ_TIMEOUT_MSEC, milliseconds],
    )


def _limited(options: str) -> str:
    """OpenCV's options for its FFmpeg (``name;value|…``) with the lists of what a stream may be made of."""
    limits = (f'protocol_whitelist;{",".join(STREAM_PROTOCOLS)}', f'format_whitelist;{",".join(STREAM_FORMATS)}')
    kept = [option for option in options.split('|') if option and not option.startswith(_LIMITED)]
    return '|'.join([*kept, *limits])


def _sane_rate(rate: float) -> Fraction:
    return simple_rate(rate) if 1 <= rate <= _MAX_RATE else _DEFAULT_RATE


def is_device(address: Union[int, str]) -> bool:
    """Whether it is a camera's index, or the path of a device; files in ``/dev/shm`` are files."""
    if isinstance(address, int):
        return True
    try:
        return stat.S_ISCHR(os.stat(address).st_mode)
    except (OSError, ValueError):
        return bool(_UNPLUGGED.fullmatch(address))


def live_name(address: Union[int, str]) -> str:
    """A file name stem: 'camera0', or the last part of a path or URL without user, query and suffix."""
    if isinstance(address, int):
        return f'camera{address}'
    host, _, place = (address.partition('://')[2] or address).partition('?')[0].partition('/')
    tail = place.rstrip('/').rsplit('/', 1)[-1] or host.rpartition('@')[2]
    stem = tail.rsplit('.', 1)[0] or 'stream'
    return ''.join(c if c.isalnum() or c in '-_' else '_' for c in stem)
