"""Encode frames into an H.264 file that plays everywhere."""

import logging
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Iterator, List, Optional, Union

import av
import numpy as np

from pipeline.backends.threads import available_cores
from pipeline.errors import InputError, exhausted
from pipeline.files import Force, atomic_path, check_writable
from pipeline.types import VideoInfo
from pipeline.video.audio import SOUND, AudioTrack
from pipeline.video.colour import Colours, YuvConverter
from pipeline.video.containers import local_name
from pipeline.video.sink import FrameSink
from pipeline.video.yuv import Planes, YuvPicture

logger = logging.getLogger(__name__)

PRESETS = ('ultrafast', 'superfast', 'veryfast', 'faster', 'fast', 'medium', 'slow', 'slower', 'veryslow')
_MAX_CRF = 51
_CLOCK = 90000  # ticks per second at least: variable rates keep their times to 11 us
_MOST_TICKS = 2**31 - 2**16  # that a frame lasts, as the writer of MP4 counts them: more than six hours
_MAX_NUMERATOR = 10**6
_KEYFRAME_SECONDS = 2.0  # how far a player must go back to show a frame


class VideoWriter(FrameSink):
    """Writes MP4: H.264, 4:2:0, seekable from the first byte on (``faststart``).

    RGB images become what plays everywhere: High profile, BT.709, limited range. YUV
    pictures keep their numbers, and the file says what they mean: matrix, primaries,
    transfer and range are the source's. 10 bits make it High 10, which phones' and most
    browsers' decoders do, but not all; where x264 was built without, the picture is
    converted to 8 bits (HDR to a standard screen's range) with a warning.

    The picture has the size of the first image; where that is odd, its last
    row or column is repeated once, as 4:2:0 has only even sides. Frames keep
    their times relative to ``info.start``: constant rates exactly, variable
    ones to 11 us. The file appears under its name when it is complete. As a
    context manager it keeps what there is on Ctrl-C and nothing on an error.

    Args:
        path: of the file; ``.mp4``, ``.mov`` or ``.mkv``.
        info: of the source: its rate and start.
        crf: quality, 0 (lossless) to 51 (worst).
        preset: x264's trade of time for size, such as ``superfast``.
        audio_from: file whose audio is taken, usually ``info.path``.
        force: what may be replaced.
        threads: of the encoder; None takes half of the processors, as others have work too.

    Raises:
        InputError: if the file cannot be written, or an option is unknown.
    """

    def __init__(
        self,
        path: Union[str, Path],
        info: VideoInfo,
        crf: float = 23,
        preset: str = 'superfast',
        audio_from: Union[None, str, Path] = None,
        force: Force = False,
        threads: Optional[int] = None,
    ):
        if preset not in PRESETS:
            raise InputError(f'encoder preset {preset!r} is unknown; choose from {", ".join(PRESETS)}')
        if not 0 <= crf <= _MAX_CRF:
            raise InputError(f'crf {crf}: the quality is a number from 0 (lossless) to {_MAX_CRF} (worst)')
        self._path = check_writable(path, force)
        if self._path.suffix.lower() not in ('.mp4', '.mov', '.mkv'):
            raise InputError(f'{path}: the video is written as .mp4, .mov or .mkv')
        self._info, self._force = info, force
        self._options = {'crf': f'{crf:g}', 'preset': preset}
        self._threads = threads or max(1, available_cores() // 2)
        self._audio_from = audio_from
        self._tick = _tick(info.fps)
        self._colours = Colours()
        self._to_yuv = YuvConverter()
        self._size = None
        self._latest = -1
        self._left_out = 0  # ticks of pauses longer than MP4 can hold
        self._frame_ticks = max(1, round(1 / (info.fps * self._tick)))
        self._last_ticks = self._frame_ticks  # how long the last frame lasts, which no later one tells
        self._output = self._stream = self._audio = None
        self._files = ExitStack()

    def write(self, picture: Union[np.ndarray, YuvPicture, Planes], time: float) -> None:
        with self._user_errors():
            if self._output is None:
                self._open(picture)
            if picture.shape != self._size:
                raise ValueError(f'the video began with images of shape {self._size}, not {picture.shape}')
            seconds = time - self._info.start
            frame = self._encodable(picture)
            # encoders want increasing times; two frames within a tick are moved apart
            frame.pts = max(round(seconds / self._tick) - self._left_out, self._latest + 1)
            if frame.pts - self._latest > _MOST_TICKS:
                self._shorten_pause(frame)
            if self._latest >= 0:
                self._last_ticks = min(self._frame_ticks, frame.pts - self._latest)
            self._latest = frame.pts
            frame.time_base = self._tick
            self._mux(self._stream.encode(frame))
            if self._audio is not None:
                self._audio.pump(seconds)

    def finish(self) -> None:
        if self._output is None:
            return
        try:
            with self._user_errors():
                self._mux(self._stream.encode(None))
                if self._audio is not None:
                    self._audio.pump(float((self._latest + self._last_ticks) * self._tick))
                    audio, self._audio = self._audio, None
                    audio.close()
                output, self._output = self._output, None
                output.close()
                self._files.close()
        finally:
            self.abort()

    def abort(self) -> None:
        audio, self._audio = self._audio, None
        output, self._output = self._output, None
        try:
            if audio is not None:
                audio.close(complete=False)
            if output is not None:
                output.close()
        except (av.FFmpegError, ValueError):
            pass  # the file is thrown away
        finally:
            self._files.__exit__(_Abandoned, _Abandoned(), None)

    def _encodable(self, picture) -> av.VideoFrame:
        """The picture as a frame of the encoder's layout that is nobody else's."""
        if isinstance(picture, YuvPicture):
            picture = picture.copy()
        if isinstance(picture, Planes) and picture.colours == self._colours:
            return picture.frame
        return self._to_yuv(picture if isinstance(picture, np.ndarray) else picture.rgb)

    def _open(self, picture) -> None:
        self._size = picture.shape
        height, width = picture.shape[:2]
        if isinstance(picture, (YuvPicture, Planes)):
            if picture.colours.pixels in _encoder_layouts():
                self._colours = picture.colours
                self._to_yuv = YuvConverter(self._colours)
            else:
                logger.warning(
                    '%s: x264 was built without 10 bits: written in 8, as a standard screen shows it', self._path
                )
        temporary = self._files.enter_context(atomic_path(self._path, self._force))
        # what the muxer cannot hold of the sound it says at the header, for the whole file
        for sound in (*SOUND, None) if self._audio_from else (None,):
            self._begin(temporary, width + width % 2, height + height % 2, sound)
            try:
                self._output.start_encoding()
                break
            except (av.FFmpegError, ValueError) as error:
                if self._audio is None or isinstance(error, OSError):
                    raise
                self._audio.close(complete=False)
                self._output.close()
        if self._audio_from and sound is None:
            logger.warning('%s: its audio cannot be carried over', self._audio_from)

    def _begin(self, temporary: Path, width: int, height: int, sound: Optional[str]) -> None:
        """Open the container with its streams; nothing is written yet.

        Args:
            sound: how it is carried over, one of :data:`SOUND`; None for none.
        """
        profile = 'high10' if self._colours.depth == 10 else 'high'
        options = {} if self._path.suffix.lower() == '.mkv' else {'movflags': '+faststart'}
        self._output = av.open(local_name(temporary), 'w', options=options)
        stream = self._stream = self._output.add_stream(
            'libx264', rate=self._info.fps, options=dict(self._options, profile=profile)
        )
        stream.width, stream.height = width, height
        stream.pix_fmt = self._colours.pixels
        stream.time_base = stream.codec_context.time_base = self._tick
        stream.thread_count = self._threads
        stream.gop_size = max(1, round(_KEYFRAME_SECONDS * self._info.fps))
        # with B-frames, MP4 would take the duration of a variable rate from times of decoding
        stream.max_b_frames = 0
        stream.color_primaries, stream.color_trc = self._colours.primaries, self._colours.transfer
        stream.colorspace, stream.color_range = self._colours.matrix, self._colours.range
        self._audio = sound and AudioTrack.open(self._audio_from, self._output, self._info, sound)

    def _shorten_pause(self, frame: av.VideoFrame) -> None:
        if not self._left_out:
            logger.warning('%s: a pause is longer than MP4 can hold: shortened; no sound follows it', self._path)
        self._left_out += frame.pts - self._latest - _MOST_TICKS
        frame.pts = self._latest + _MOST_TICKS
        if self._audio is not None:
            self._audio.close()
            self._audio = None

    def _mux(self, packets) -> None:
        for packet in packets:
            packet.duration = min(self._last_ticks, _MOST_TICKS)  # MP4 keeps it for the last packet only
            self._output.mux(packet)

    @contextmanager
    def _user_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:  # PyAV's errors of the file system are OSErrors too
            raise InputError(f'{self._path}: {exhausted(error) or f"cannot be written ({error.strerror})"}') from error
        except av.error.ExternalError as error:  # x264 refuses, such as sides of more than 16384 px
            height, width = self._size[:2]
            raise InputError(f'{self._path}: H.264 cannot hold pictures of {width}x{height}') from error


def _encoder_layouts() -> List[str]:
    return [layout.name for layout in av.Codec('libx264', 'w').video_formats]


class _Abandoned(Exception):
    """Tells the temporary file that it is not wanted."""


def _tick(fps: Fraction) -> Fraction:
    """Seconds per unit of the file's clock: a frame of a constant rate lasts a whole number of them."""
    rate = fps
    denominator = 1001
    while rate.numerator > _MAX_NUMERATOR:  # averages of variable rates can be awkward fractions
        rate = fps.limit_denominator(denominator)
        denominator //= 2
    return Fraction(1, rate.numerator * -(-_CLOCK // rate.numerator))
