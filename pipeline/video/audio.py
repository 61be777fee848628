"""Carry the sound of the source over into the file that is written; its faults cost sound, and nothing else."""

import errno
import logging
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Iterator, List, Optional

import av

from pipeline.errors import InputError
from pipeline.types import FileClock, VideoInfo
from pipeline.video.containers import open_media
from pipeline.video.index import read_packets, video_stream
from pipeline.video.sound_clock import SoundClock

logger = logging.getLogger(__name__)

# what MP4 holds and players play; everything else is encoded anew
_COPIED = ('aac', 'mp3', 'alac', 'ac3', 'eac3', 'opus', 'flac')
SOUND = ('copied', 'encoded')  # how it is carried over: what is to be tried, best first
_AAC_RATES = (48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)
_ROUNDING = Fraction(1, 200)  # seconds by which sound may be off its place
_LONGEST_SILENCE = 10  # seconds that are encoded; a longer pause is a jump of the clock


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
            sound: ``copied`` where MP4 can hold it, or ``encoded`` in any case.
        """
        try:
            source = open_media(path)
        except InputError as error:
            logger.warning('its audio is left out: %s', error)
            return None
        try:
            stream = _best(source)
            if stream is None:
                if source.streams.audio:
                    logger.warning('%s: no decoder here knows its audio; the overlay has none', path)
                source.close()
                return None
            clock = info.clock if info.clock and info.path == str(path) else FileClock(_video_start(source))
            # the recordings of a joined file may differ in rate and channels, of which MP4 holds one kind only
            copies = sound == SOUND[0] and len(clock.shifts) == 1
            copies &= stream.codec_context.codec.canonical_name in _COPIED
            return cls(path, source, stream, output, clock, info.start, copies)
        except Exception as error:  # as of _own_faults
            logger.warning('%s: its audio cannot be carried over (%s)', path, error)
            source.close()
            return None

    def pump(self, until: float) -> None:
        """Write the packets that begin before ``until``, in seconds of the output."""
        while not self._failed:
            with self._own_faults(f'{until:.1f} s'):
                packet, self._waiting = self._waiting or next(self._packets, None), None
                if packet is None:
                    return
                if packet.pts * packet.time_base >= until:
                    self._waiting = packet
                    return
                self._write(packet)

    def close(self, complete: bool = True) -> None:
        """Let go of the source; ``complete`` writes what the encoder still holds."""
        try:
            if complete and self._encoder and not self._failed:
                with self._own_faults('its end'):
                    self._output.mux(self._encoder.flush())
        finally:
            self._packets.close()
            self._source.close()

    @contextmanager
    def _own_faults(self, place: str) -> Iterator[None]:
        """End the sound, and not the video, at whatever goes wrong with it; a full disk is everybody's."""
        try:
            yield
        except Exception as error:  # demuxers, decoders, the encoder and the muxer fail in many ways
            if getattr(error, 'errno', None) in _OF_THE_DISK:
                raise
            self._failed = True
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
    """Encodes decoded sound from time 0 on, also where its rate or channels change or there are pauses in it.

    Every sample is put where its time stamp says: pauses are filled with silence, overlaps are cut.
    """

    def __init__(self, stream):
        self._stream, self._context = stream, stream.codec_context
        self._resampler, self._layout = None, None
        self._queue = av.AudioFifo()
        self._written = 0  # samples that were encoded, or jumped over
        self._skipped = 0  # samples still to come that lie over others

    def encode(self, frame: av.AudioFrame) -> List[av.Packet]:
        layout, packets = (frame.format.name, frame.layout.name, frame.sample_rate), []
        if layout != self._layout:
            self._finish_resampling()
            self._layout = layout
            self._resampler = av.AudioResampler(self._context.format, self._context.layout, self._context.sample_rate)
        if frame.pts is not None:
            packets = self._go_to(round(frame.pts * frame.time_base * self._context.sample_rate))
        frame.pts = None
        self._take(self._resampler.resample(frame))
        return packets + self._encoded()

    def flush(self) -> List[av.Packet]:
        self._finish_resampling()
        packets = self._encoded()
        if self._queue.samples:
            packets += self._sent(self._queue.read(0, partial=True))
        return packets + self._stream.encode(None)

    def _go_to(self, place: int) -> List[av.Packet]:
        """Make ``place`` the next sample's, give or take what resampling and rounded stamps are off."""
        rate, packets = self._context.sample_rate, []
        pause = place - (self._written + self._queue.samples - self._skipped)
        if pause > _LONGEST_SILENCE * rate:
            packets = [*self._fill(-self._queue.samples % self._size), *self._encoded()]
            self._written = place
        elif pause > _ROUNDING * rate:
            packets = self._fill(pause)
        elif pause < -_ROUNDING * rate:
            self._skipped -= pause
        return packets

    def _fill(self, samples: int) -> List[av.Packet]:
        """Put silence into the queue."""
        if samples:
            silence = av.AudioFrame(self._context.format, self._context.layout, samples)
            silence.sample_rate = self._context.sample_rate
            for plane in silence.planes:
                plane.update(bytes(plane.buffer_size))
            self._put(silence)
        return self._encoded()

    def _finish_resampling(self) -> None:
        if self._resampler is not None:
            self._take(self._resampler.resample(None))
        self._resampler = None

    def _take(self, parts: List[av.AudioFrame]) -> None:
        for part in parts:
            before = self._queue.samples
            self._put(part)
            if self._skipped:
                self._cut(before, part.samples)

    def _put(self, frame: av.AudioFrame) -> None:
        frame.pts, frame.time_base = None, Fraction(1, frame.sample_rate)  # samples are counted here
        self._queue.write(frame)

    def _cut(self, before: int, samples: int) -> None:
        """Take what lies over other samples out of the ``samples`` that came behind ``before`` others."""
        cut = min(self._skipped, samples)
        kept = self._queue.read(before) if before else None
        self._queue.read(cut)
        rest = self._queue.read(samples - cut) if samples > cut else None
        for frame in (kept, rest):
            if frame is not None:
                self._put(frame)
        self._skipped -= cut

    @property
    def _size(self) -> int:
        return self._context.frame_size or 1024

    def _encoded(self) -> List[av.Packet]:
        packets: List[av.Packet] = []
        while self._queue.samples >= self._size:
            packets += self._sent(self._queue.read(self._size))
        return packets

    def _sent(self, frame: av.AudioFrame) -> List[av.Packet]:
        frame.sample_rate = self._context.sample_rate
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
