"""Carry the sound of the source over into the file that is written; its faults cost sound, and nothing else."""

import logging
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Iterator, List, Optional

import av

from pipeline.types import FileClock, VideoInfo
from pipeline.video.address import media_address
from pipeline.video.index import read_packets, video_stream
from pipeline.video.sound_clock import SoundClock

logger = logging.getLogger(__name__)

# what MP4 holds and players play; everything else is encoded anew
_COPIED = ('aac', 'mp3', 'alac', 'ac3', 'eac3', 'opus', 'flac')
SOUND = ('copied', 'encoded')  # how it is carried over: what is to be tried, best first
_AAC_RATES = (48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
_GAP = Fraction(1, 50)  # seconds between two frames that are not a matter of rounding


class AudioTrack:
    """The best audio stream of a file that can be decoded, moved and cut to the frames that are written.

    Packets are copied where MP4 can hold their codec, else encoded as AAC. Cuts fall between packets (about
    20 ms). Packets have the times that :class:`SoundClock` gives them. Damaged sound is left out; where it
    cannot be carried over at all, a line says so and the file goes on without.

    Args:
        path: of the source, for messages.
        source: open container that is read; closed by :meth:`close`.
        stream: of it.
        output: container that is written; a stream is added, so its header must
            not have been written yet.
        clock: of the source's pictures.
        start: seconds of the source's video at which the output begins.
        copies: whether packets are copied.
    """

    def __init__(self, path: Path, source, stream, output, clock: FileClock, start: float, copies: bool):
        self._path, self._source, self._stream, self._output = path, source, stream, output
        self._clock, self._start = SoundClock(clock), Fraction(start)
        self._target = output.add_stream_from_template(stream) if copies else _add_aac(output, stream.codec_context)
        self._encoder = None if copies else _Encoder(self._target)
        self._packets = self._read()
        self._waiting: Optional[av.Packet] = None
        self._failed = False

    @classmethod
    def open(cls, path: Path, output, info: VideoInfo, sound: str = SOUND[0]) -> Optional['AudioTrack']:
        """The sound of ``path``, or None, with a line that says why, if there is none that can be carried over.

        Args:
            info: of the source whose pictures are written; its start, and how the file's clock was read.
            sound: ``copied`` where MP4 can hold the codec, or ``encoded`` in any case.
        """
        try:
            source = av.open(media_address(path))
        except (av.FFmpegError, ValueError) as error:
            logger.warning('%s: its audio cannot be read (%s)', path, error)
            return None
        try:
            stream = _best(source)
            if stream is None:
                if source.streams.audio:
                    logger.warning('%s: no decoder here knows its audio; the overlay has none', path)
                source.close()
                return None
            clock = info.clock if info.clock and info.path == str(path) else FileClock(_video_start(source))
            copies = sound == SOUND[0] and stream.codec_context.codec.canonical_name in _COPIED
            return cls(path, source, stream, output, clock, info.start, copies)
        except (av.FFmpegError, ValueError) as error:
            logger.warning('%s: its audio cannot be carried over (%s)', path, error)
            source.close()
            return None

    def pump(self, until: float) -> None:
        """Write the packets that begin before ``until``, in seconds of the output."""
        while not self._failed:
            packet, self._waiting = self._waiting or next(self._packets, None), None
            if packet is None:
                return
            if packet.pts * packet.time_base >= until:
                self._waiting = packet
                return
            with self._own_faults(float(packet.pts * packet.time_base)):
                self._write(packet)

    def close(self, complete: bool = True) -> None:
        """Let go of the source; ``complete`` writes what the encoder still holds."""
        try:
            if complete and self._encoder and not self._failed:
                with self._own_faults():
                    self._output.mux(self._encoder.flush())
        finally:
            self._packets.close()
            self._source.close()

    @contextmanager
    def _own_faults(self, seconds: Optional[float] = None) -> Iterator[None]:
        """End the sound, not the video, at what the muxer or the encoder refuses; a full disk is everybody's."""
        try:
            yield
        except (av.FFmpegError, ValueError) as error:
            if isinstance(error, OSError):
                raise
            self._failed = True
            place = 'its end' if seconds is None else f'{seconds:.3f} s'
            logger.warning('%s: its audio cannot be carried over from %s on (%s)', self._path, place, error)

    def _read(self) -> Iterator[av.Packet]:
        """Packets with their times counted from the start of the output."""

        def report(error: Exception) -> None:
            logger.warning('%s: audio is damaged (%s)', self._path, error)

        told = False
        for packet in read_packets(self._source, report, self._stream):
            tick, stamp = packet.time_base, packet.pts if packet.pts is not None else packet.dts
            duration = (packet.duration or 0) * tick
            place = float(self._clock.end)
            time = self._clock.place(None if stamp is None else stamp * tick, duration)
            if self._clock.faults and not told:
                told = True
                logger.warning('%s: the clock of its audio is broken at %.3f s: moved on', self._path, place)
            if time is None:
                continue
            packet.pts = packet.dts = round((time - self._start) / tick)
            # a packet that ends at 0 is the encoder's run-up to the first audible one
            if (packet.pts + (packet.duration or 0)) >= 0:
                yield packet

    def _write(self, packet: av.Packet) -> None:
        if self._encoder is None:
            packet.stream = self._target
            self._output.mux(packet)
            return
        try:
            frames = self._stream.decode(packet)
        except av.FFmpegError as error:
            logger.debug('%s: audio packet left out (%s)', self._path, error)
            return
        for frame in frames:
            self._output.mux(self._encoder.encode(frame))


class _Encoder:
    """Encodes decoded sound from time 0 on, also where its rate or channels change or there are pauses in it."""

    def __init__(self, stream):
        self._stream, self._resampler, self._layout = stream, None, None
        self._queue: Optional[av.AudioFifo] = None
        self._next: Optional[Fraction] = None  # where the sound so far ends, in seconds
        self._skipped = 0  # samples before time 0 that are still to come
        self._written = 0  # where the last one that was encoded ends, in samples

    def encode(self, frame: av.AudioFrame) -> List[av.Packet]:
        layout = frame.format.name, frame.layout.name, frame.sample_rate
        begin = self._next or Fraction(0) if frame.pts is None else frame.pts * frame.time_base
        packets = []
        if layout != self._layout or self._next is None or abs(begin - self._next) > _GAP:
            packets = self._drain()
            self._begin(layout, begin)
        self._next = begin + Fraction(frame.samples, frame.sample_rate)
        frame.pts = None  # samples are counted from where this stretch of sound began
        return packets + self._resampled(frame)

    def flush(self) -> List[av.Packet]:
        return self._drain() + self._stream.encode(None)

    def _begin(self, layout, begin: Fraction) -> None:
        context = self._stream.codec_context
        self._layout = layout
        self._resampler = av.AudioResampler(context.format, context.layout, context.sample_rate)
        self._queue = av.AudioFifo()
        self._skipped = max(0, round(-begin * context.sample_rate))
        self._written = max(self._written, round(begin * context.sample_rate))

    def _resampled(self, frame: Optional[av.AudioFrame]) -> List[av.Packet]:
        for part in self._resampler.resample(frame):
            part.pts = None
            self._queue.write(part)
        if self._skipped and self._queue.samples:
            self._skipped -= self._queue.read(min(self._skipped, self._queue.samples)).samples
        return self._encoded(self._stream.codec_context.frame_size or 1024)

    def _drain(self) -> List[av.Packet]:
        """All that was given so far; the last frame of a stretch is filled with silence."""
        if self._resampler is None:
            return []
        packets = self._resampled(None)
        rest = self._queue.read(0, partial=True) if self._queue.samples else None
        return packets + (self._sent(rest) if rest is not None else [])

    def _encoded(self, size: int) -> List[av.Packet]:
        packets: List[av.Packet] = []
        while self._queue.samples >= size:
            packets += self._sent(self._queue.read(size))
        return packets

    def _sent(self, frame: av.AudioFrame) -> List[av.Packet]:
        frame.sample_rate = self._stream.codec_context.sample_rate
        frame.pts, frame.time_base = self._written, Fraction(1, frame.sample_rate)
        self._written += frame.samples
        return self._stream.encode(frame)


def _best(container):
    """The audio stream that FFmpeg thinks best, if it can be decoded; else the first that can, or None."""
    known = [s for s in container.streams.audio if s.codec_context is not None and s.codec_context.sample_rate]
    best = container.streams.best('audio')
    return best if best in known else max(known, key=lambda stream: stream.codec_context.channels, default=None)


def _add_aac(output, source):
    rate = next((r for r in _AAC_RATES if r <= source.sample_rate), _AAC_RATES[-1])
    return output.add_stream('aac', rate=rate, layout='mono' if source.layout.nb_channels == 1 else 'stereo')


def _video_start(container) -> Fraction:
    """Time of the first video frame on the container's clock, in seconds, by the header."""
    stream = video_stream(container)
    return stream.start_time * stream.time_base if stream is not None and stream.start_time else Fraction(0)
