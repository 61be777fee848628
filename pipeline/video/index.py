"""Index a video file in one pass over its packets; only the first picture is decoded.

File headers promise frame counts, rates and durations that need not be true.
Reading the packets costs little (no pictures are decoded) and says which
frames there are, when each is shown and where decoding can start.
"""

from array import array
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Callable, Iterator, List, Optional, Tuple

import av
import numpy as np
from av.sidedata.sidedata import Type as SideData

from pipeline.errors import InputError
from pipeline.video.colour import is_yuv
from pipeline.video.containers import open_media
from pipeline.video.limits import check_size, max_pixels
from pipeline.video.orientation import Orientation

DEFAULT_RATE = Fraction(30)  # of single pictures, and of files that do not say
_MAX_RATE = 1000  # more is a tick of the file's clock, not a camera's rate
_MAX_GAP_SECONDS = 3600.0  # between two frames; more is a broken clock
_MAX_READ_ERRORS = 100
_MAX_GROWTH = 4  # of a picture's pixels, in a stream that changes its size
_SMALL = 1 << 21  # px; 1920 x 1080: growing to this costs little
_SAME_RATE = 0.02
_SIDE_RATIOS = (0.2, 5.0)  # of a pixel; others are broken headers


@dataclass(frozen=True)
class VideoIndex:
    """The frames of a video file.

    Attributes:
        path: of the file.
        container, codec: FFmpeg's names for them, such as ``matroska,webm`` and ``vp9``.
        stream: index of the video stream among the container's streams.
        width, height: displayed size in px: square pixels, upright.
        orientation: what makes a decoded picture upright.
        fps: average rate; exactly the file's own where it is constant.
        times: ``(F,)`` float64, when each frame is shown, in seconds since the first.
        pts: ``(F,)`` int64, the same on the file's clock, where every frame has a
            time stamp of its own; else None, and only the order tells frames apart.
        keyframes: ``(N,)`` int64, time stamps at which decoding can start.
        promised: frames that the header announces, or 0.
        missing_seconds: by how much all streams end before the duration in the header.
        damaged: whether reading the packets already met an error.
        picture_bytes: of a decoded picture, as long as it is not converted.
    """

    path: Path
    container: str
    codec: str
    stream: int
    width: int
    height: int
    orientation: Orientation
    fps: Fraction
    times: np.ndarray = field(repr=False)
    pts: Optional[np.ndarray] = field(repr=False)
    keyframes: np.ndarray = field(repr=False)
    promised: int = 0
    missing_seconds: float = 0.0
    damaged: bool = False
    picture_bytes: int = 0

    def __len__(self) -> int:
        return len(self.times)

    @property
    def stored_size(self) -> Tuple[int, int]:
        """Width and height in px before the picture is turned upright."""
        size = self.width, self.height
        return size[::-1] if self.orientation.swaps_sides else size

    @property
    def marks_cuts(self) -> bool:
        """Whether a packet marked as corrupt is one that was cut short.

        MPEG-TS also marks whole ones, after which others were lost.
        """
        return self.pts is not None and self.container != 'mpegts'

    def keyframe_before(self, frame: int) -> Optional[int]:
        """Time stamp to seek to so that ``frame`` can be decoded; None means from the start."""
        if self.pts is None or frame == 0:
            return None
        before = np.searchsorted(self.keyframes, self.pts[frame], side='right') - 1
        return int(self.keyframes[before]) if before >= 0 else None


def index_video(path: Path) -> VideoIndex:
    """Read the packets of ``path``.

    Raises:
        InputError: if it is no video, has no frame that can be decoded, or
            pictures too large to hold.
    """
    with open_media(path) as container:
        stream = video_stream(container)
        if stream is None:
            raise InputError(f'{path}: has no video stream')
        if stream.codec_context is None:
            raise InputError(f'{path}: its video codec is not known here')
        width, height = stream.codec_context.width, stream.codec_context.height
        check_size(path, width, height)
        limit_decoder(stream, width * height)
        scan = _scan(container, stream)
        if scan.first is None:
            raise InputError(f'{path}: no frame of it can be decoded')
        return _summarise(path, container, stream, scan)


def video_stream(container) -> Optional[av.VideoStream]:
    """The best video stream that is not a cover picture, or None."""
    streams = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
    best = container.streams.best('video')
    return best if best in streams else (streams[0] if streams else None)


def limit_decoder(stream, pixels: int) -> None:
    """Let the decoder of ``stream`` refuse pictures that are far larger than the ``pixels`` of the first.

    A stream may change its size on the way; the pictures are scaled to the first one's then. To be
    called before anything is decoded.
    """
    allowed = min(max(_MAX_GROWTH * pixels, _SMALL), max_pixels())
    stream.codec_context.options = {**stream.codec_context.options, 'max_pixels': str(allowed)}


def read_packets(container, on_error: Callable[[Exception], None], *streams) -> Iterator[av.Packet]:
    """Packets of ``streams`` (of all, if none is given) that hold data, going on after errors.

    Args:
        on_error: called with each error.
    """
    for _ in range(_MAX_READ_ERRORS):
        try:
            for packet in container.demux(*streams):
                if packet.size:
                    yield packet
            return
        except av.FFmpegError as error:
            on_error(error)


@dataclass
class _Scan:
    pts: array = field(default_factory=lambda: array('q'))  # in the order of decoding
    keyframes: array = field(default_factory=lambda: array('q'))
    all_stamped: bool = True
    end: float = 0.0  # of all streams, in seconds
    first: Optional[av.VideoFrame] = None
    damaged: bool = False

    def on_error(self, error: Exception) -> None:
        self.damaged = True

    def look_at(self, packet: av.Packet) -> None:
        self.damaged |= packet.is_corrupt
        if packet.is_discard:  # decoded, but cut off by the file's edit list
            return
        self.all_stamped &= packet.pts is not None
        self.pts.append(packet.pts or 0)
        if packet.is_keyframe and packet.pts is not None:
            self.keyframes.append(packet.pts)

    def try_decoding(self, stream, packet: Optional[av.Packet]) -> None:
        if self.first is None:
            try:
                self.first = next(iter(stream.decode(packet)), None)
            except av.FFmpegError as error:
                self.on_error(error)


def _scan(container, stream) -> _Scan:
    scan = _Scan()
    for packet in read_packets(container, scan.on_error):
        if packet.pts is not None:
            scan.end = max(scan.end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
        if packet.stream_index == stream.index:
            scan.look_at(packet)
            scan.try_decoding(stream, packet)
    scan.try_decoding(stream, None)
    return scan


def _summarise(path: Path, container, stream, scan: _Scan) -> VideoIndex:
    rates = [
        rate for rate in (stream.guessed_rate, stream.base_rate, stream.average_rate) if rate and 0 < rate <= _MAX_RATE
    ] or [DEFAULT_RATE]
    tick = Fraction(stream.time_base or 0)
    pts = _time_stamps(container.format.name, stream, scan, tick)
    if pts is None:
        fps, times = rates[0], np.arange(len(scan.pts)) / float(rates[0])
    else:
        fps, times = _clock(pts, tick, rates)
    promised_end = ((container.start_time or 0) + (container.duration or 0)) / av.time_base
    width, height, orientation = _geometry(stream, scan.first)
    check_size(path, width, height)  # square pixels may be many more than stored ones
    return VideoIndex(
        path=path,
        container=container.format.name,
        codec=stream.codec_context.codec.canonical_name,
        stream=stream.index,
        width=width,
        height=height,
        orientation=orientation,
        fps=fps,
        times=times,
        pts=pts,
        keyframes=np.sort(np.array(scan.keyframes, np.int64)),
        promised=stream.frames,
        missing_seconds=0.0 if pts is None else max(0.0, promised_end - scan.end),
        damaged=scan.damaged,
        picture_bytes=sum(plane.buffer_size for plane in scan.first.planes)
        if is_yuv(scan.first.format)
        else 3 * width * height,
    )


def _time_stamps(container: str, stream, scan: _Scan, tick: Fraction) -> Optional[np.ndarray]:
    """Sorted time stamps, or None where they do not tell the frames apart."""
    if not scan.all_stamped or not scan.pts or tick <= 0:
        return None
    # AVI stores no presentation times: with B-frames its stamps are those of decoding
    if container == 'avi' and stream.codec_context.has_b_frames:
        return None
    decoded = np.array(scan.pts, np.int64)
    shown = np.sort(decoded)
    seconds = float(tick)
    # a clock that was set back (joined recordings) or jumps by hours tells nothing
    set_back = (np.maximum.accumulate(decoded) - decoded).max() * seconds > 10
    gaps = np.diff(shown)
    if set_back or (gaps <= 0).any() or (gaps * seconds > _MAX_GAP_SECONDS).any():
        return None
    return shown


def _clock(pts: np.ndarray, tick: Fraction, rates: List[Fraction]) -> Tuple[Fraction, np.ndarray]:
    """Rate and times; a constant rate is told from a variable one by the time stamps themselves.

    Args:
        rates: what the file says of its rate, best first.
    """
    ticks = (pts - pts[0]).astype(np.float64)
    order = np.arange(len(pts))
    for rate in rates:
        # both ends are rounded to a tick; a coarse clock (GIF's 1/100 s) must not hide a variable rate
        if (
            np.abs(ticks - order / float(rate * tick)).max() <= 1.0 + 1e-6
            and rate * tick <= Fraction(1, 2)
            or rate * tick == 1
            and np.array_equal(ticks, order)
        ):
            return rate, order / float(rate)
    times = ticks * float(tick)
    if len(pts) == 1:
        return rates[0], times
    average = Fraction(len(pts) - 1) / (int(ticks[-1]) * tick)
    # the file's own average counts the last frame's duration too, which the time stamps do not tell
    return next((rate for rate in rates[::-1] if abs(rate / average - 1) < _SAME_RATE), average), times


def _geometry(stream, frame: av.VideoFrame) -> Tuple[int, int, Orientation]:
    width, height = frame.width, frame.height
    shape = stream.sample_aspect_ratio
    if shape and shape != 1 and _SIDE_RATIOS[0] <= shape <= _SIDE_RATIOS[1]:
        # non-square pixels: lengthen the short side, which keeps all detail
        if shape > 1:
            width = round(width * shape)
        else:
            height = round(height / shape)
    matrix = frame.side_data.get(SideData.DISPLAYMATRIX)
    orientation = Orientation.from_matrix(np.frombuffer(matrix, np.int32).tolist()) if matrix else Orientation()
    if orientation.swaps_sides:
        width, height = height, width
    return width, height, orientation
