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
from pipeline.types import FileClock
from pipeline.video.clock import MISSING, ShownTimes, shown_times, times_of_storing
from pipeline.video.colour import is_yuv
from pipeline.video.containers import open_media
from pipeline.video.limits import check_size, max_pixels
from pipeline.video.orientation import Orientation

DEFAULT_RATE = Fraction(30)  # of single pictures, and of files that do not say
_MIN_RATE = Fraction(1, 24 * 3600)  # a picture a day; less is a broken header
_MAX_RATE = 1000  # more is a tick of the file's clock, not a camera's rate
_PAUSE = 20  # times the usual distance of two frames, and a second at least: not counted for the average rate
_MAX_DELAY = 16  # pictures that a decoder holds back to put them in order
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
        pts: ``(F,)`` int64, the same on the file's clock, where all its stamps are in order; else None.
        places: ``(F,)`` int64, where stamps had to be repaired: the index of each packet's frame, in the
            order of storing. Without both, only the order of showing tells frames apart.
        clock: how the file's clock was read.
        keyframes: ``(N,)`` int64, time stamps at which decoding can start.
        promised: frames that the header announces, or 0.
        missing: how many of them are not there.
        missing_seconds: by how much all streams end before the duration in the header.
        damaged: whether reading the packets already met an error.
        picture_bytes: of a decoded picture, as long as it is not converted.
        interlaced: whether the first picture is marked as two fields of different times.
        tracks: video streams that could have been read.
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
    places: Optional[np.ndarray] = field(repr=False)
    keyframes: np.ndarray = field(repr=False)
    clock: FileClock = FileClock()
    promised: int = 0
    missing: int = 0
    missing_seconds: float = 0.0
    damaged: bool = False
    picture_bytes: int = 0
    interlaced: bool = False
    tracks: int = 1

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
    """The best video stream that is not a cover picture, of those with a known codec if there are any, or None."""
    streams = _tracks(container)
    best = container.streams.best('video')
    return best if best in streams else (streams[0] if streams else None)


def limit_decoder(stream, pixels: int) -> None:
    """Let the decoder of ``stream`` refuse pictures that are far larger than the ``pixels`` of the first.

    A stream may change its size on the way; the pictures are scaled to the first one's then. To be
    called before anything is decoded.
    """
    allowed = min(max(_MAX_GROWTH * pixels, _SMALL), max_pixels())
    stream.codec_context.options = {**stream.codec_context.options, 'max_pixels': str(allowed)}


def _tracks(container) -> list:
    streams = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
    return [s for s in streams if s.codec_context is not None] or streams


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
    shown: array = field(default_factory=lambda: array('q'))  # time stamps, in the order of storing
    stored: array = field(default_factory=lambda: array('q'))
    keyframes: array = field(default_factory=lambda: array('q'))
    hidden: int = 0  # pictures that are there, but cut off by the file's edit list
    end: float = 0.0  # of all streams, in seconds
    first: Optional[av.VideoFrame] = None
    delay: int = 0  # pictures stored before the first one was shown
    damaged: bool = False

    def on_error(self, error: Exception) -> None:
        self.damaged = True

    def look_at(self, packet: av.Packet) -> None:
        self.damaged |= packet.is_corrupt
        if packet.is_discard:
            self.hidden += 1
            return
        self.shown.append(MISSING if packet.pts is None else packet.pts)
        self.stored.append(MISSING if packet.dts is None else packet.dts)
        if packet.is_keyframe and packet.pts is not None:
            self.keyframes.append(packet.pts)

    def try_decoding(self, stream, packet: Optional[av.Packet]) -> None:
        if self.first is None:
            try:
                self.first = next(iter(stream.decode(packet)), None)
                self.delay += self.first is None
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
        rate
        for rate in (stream.guessed_rate, stream.base_rate, stream.average_rate)
        if rate and _MIN_RATE <= rate <= _MAX_RATE
    ] or [DEFAULT_RATE]
    tick = Fraction(stream.time_base or 0)
    shown = _times(container.format.name, stream, scan, tick)
    if shown is None:
        fps, times, clock = rates[0], np.arange(len(scan.shown)) / float(rates[0]), FileClock()
    else:
        fps, times = _rate(shown.ticks, tick, rates)
        shifts = tuple(Fraction(shift) * tick for shift in shown.shifts)
        clock = FileClock(shown.origin * tick, shifts, float(times[-1] + 1 / fps))
    in_order = shown is not None and not _stores_only(container.format.name, stream)
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
        pts=shown.origin + shown.ticks if in_order and not shown.repaired else None,
        places=shown.order if in_order and shown.repaired else None,
        keyframes=np.sort(np.array(scan.keyframes, np.int64)),
        clock=clock,
        promised=stream.frames,
        missing=_missing(path, container.format.name, stream.frames, scan),
        # a clock that had to be repaired says nothing of where the file should end
        missing_seconds=max(0.0, promised_end - scan.end) if in_order and not shown.repaired else 0.0,
        damaged=scan.damaged,
        picture_bytes=sum(plane.buffer_size for plane in scan.first.planes)
        if is_yuv(scan.first.format)
        else 3 * width * height,
        interlaced=bool(scan.first.interlaced_frame),
        tracks=len(_tracks(container)),
    )


def _stores_only(container: str, stream) -> bool:
    """Whether time stamps are those of storing: AVI has no others, which tells nothing where B-frames are."""
    return container == 'avi' and bool(stream.codec_context.has_b_frames)


def _times(container: str, stream, scan: _Scan, tick: Fraction) -> Optional[ShownTimes]:
    """When the frames are shown, or None where their number and rate are all there is."""
    if not scan.shown or tick <= 0:
        return None
    shown, stored = np.array(scan.shown, np.int64), np.array(scan.stored, np.int64)
    if _stores_only(container, stream):
        return times_of_storing(stored, tick, scan.delay if scan.delay <= _MAX_DELAY else 1)
    return shown_times(shown, stored, tick, bool(stream.codec_context.has_b_frames))


def _missing(path: Path, container: str, promised: int, scan: _Scan) -> int:
    """How many frames of those that the header promises are not there."""
    if container == 'avi':
        # frames that were dropped while recording count there, too; but the header knows how long the file is
        with open(path, 'rb') as file:
            length = int.from_bytes(file.read(8)[4:], 'little') + 8
        if path.stat().st_size >= length > 8:
            return 0
    return max(0, promised - len(scan.shown) - scan.hidden)


def _rate(ticks: np.ndarray, tick: Fraction, rates: List[Fraction]) -> Tuple[Fraction, np.ndarray]:
    """Rate and times; a constant rate is told from a variable one by the time stamps themselves.

    Args:
        ticks: of each frame, from 0.
        rates: what the file says of its rate, best first.
    """
    ticks = ticks.astype(np.float64)
    order = np.arange(len(ticks))
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
    if len(ticks) == 1:
        return rates[0], times
    gaps = np.diff(ticks)
    gaps = gaps[gaps <= max(_PAUSE * np.median(gaps), 1 / float(tick))]  # a camera that waits has no rate meanwhile
    average = Fraction(len(gaps)) / (Fraction(gaps.sum()) * tick)
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
