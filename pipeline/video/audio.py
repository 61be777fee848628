"""Copy the audio of the source into the file that is written."""

import logging
from fractions import Fraction
from pathlib import Path
from typing import Iterator, Optional

import av

from pipeline.errors import InputError
from pipeline.video.containers import open_media
from pipeline.video.index import read_packets, video_stream

logger = logging.getLogger(__name__)

# what MP4 holds and players play; everything else is encoded anew
_COPIED = ('aac', 'mp3', 'alac', 'ac3', 'eac3', 'opus', 'flac')
_AAC_RATES = (48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)


class AudioTrack:
    """The best audio stream of a file, moved and cut to the frames that are written.

    Packets are copied where MP4 can hold their codec, else encoded as AAC. Cuts
    fall between packets (about 20 ms). Damaged audio is left out.

    Args:
        path: of the source, for messages.
        source: open container that is read; closed by :meth:`close`.
        output: container that is written; a stream is added, so its header must
            not have been written yet.
        start: seconds of the source's video at which the output begins.
    """

    def __init__(self, path: Path, source, output, start: float):
        self._path, self._source, self._output = path, source, output
        self._stream = source.streams.best('audio')
        self._origin = _video_start(source) + Fraction(start)
        self._copies = self._stream.codec_context.codec.canonical_name in _COPIED
        self._target = (
            output.add_stream_from_template(self._stream)
            if self._copies
            else _add_aac(output, self._stream.codec_context)
        )
        self._packets = self._read()
        self._waiting: Optional[av.Packet] = None

    @classmethod
    def open(cls, path: Optional[Path], output, start: float) -> Optional['AudioTrack']:
        """The audio of ``path``, or None if there is none that can be carried over."""
        if path is None:
            return None
        try:
            source = open_media(path)
        except InputError as error:
            logger.warning('its audio is left out: %s', error)
            return None
        stream = source.streams.best('audio')
        if stream is None or stream.codec_context is None:
            source.close()
            return None
        return cls(path, source, output, start)

    def pump(self, until: float) -> None:
        """Write the packets that begin before ``until``, in seconds of the output."""
        while True:
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
            if complete and not self._copies:
                self._output.mux(self._target.encode(None))
        finally:
            self._packets.close()
            self._source.close()

    def _read(self) -> Iterator[av.Packet]:
        """Packets with their times counted from the start of the output."""

        def report(error: Exception) -> None:
            logger.warning('%s: audio is damaged (%s)', self._path, error)

        for packet in read_packets(self._source, report, self._stream):
            if packet.pts is None:
                continue
            shift = round(self._origin / packet.time_base)
            packet.pts -= shift
            packet.dts = packet.pts
            # a packet that ends at 0 is the encoder's run-up to the first audible one
            if (packet.pts + (packet.duration or 0)) >= 0:
                yield packet

    def _write(self, packet: av.Packet) -> None:
        if self._copies:
            packet.stream = self._target
            self._output.mux(packet)
            return
        try:
            frames = self._stream.decode(packet)
        except av.FFmpegError as error:
            logger.debug('%s: audio packet left out (%s)', self._path, error)
            return
        for frame in frames:
            if frame.pts is not None and frame.pts >= 0:
                self._output.mux(self._target.encode(frame))


def _add_aac(output, source):
    rate = next((r for r in _AAC_RATES if r <= source.sample_rate), _AAC_RATES[-1])
    return output.add_stream('aac', rate=rate, layout='mono' if source.layout.nb_channels == 1 else 'stereo')


def _video_start(container) -> Fraction:
    """Time of the first video frame on the container's clock, in seconds."""
    stream = video_stream(container)
    return stream.start_time * stream.time_base if stream is not None and stream.start_time else Fraction(0)
