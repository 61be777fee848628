"""Frames of a video file through PyAV, which knows every frame's time stamp and damage."""
from typing import Iterator, Optional, Set, Tuple

import av
import numpy as np

from pipeline.video.colour import RgbConverter
from pipeline.video.damage import Damage, DecodeError
from pipeline.video.index import VideoIndex, read_packets


def decode_with_pyav(index: VideoIndex, first: int, last: int, damage: Damage,
                     careful: bool) -> Iterator[Tuple[int, np.ndarray]]:
    """Pictures ``first <= i < last`` of a file.

    Pictures on which the decoder reports damage are left out and counted.

    Args:
        careful: go on after packets that cannot be decoded. This takes a single
            thread: FFmpeg's decoding threads drop whole pictures that were
            under way when an error surfaces.

    Yields:
        ``(i, image)``: i increases; ``(H, W, 3)`` uint8 RGB, upright.

    Raises:
        DecodeError: at a packet that cannot be decoded, unless ``careful``.
    """
    seek_to = index.keyframe_before(first)
    if seek_to is not None:
        pictures = _decode(index, first, last, damage, careful, seek_to)
        head = next(pictures, None)
        if head is not None and head[0] == first:
            yield head
            yield from pictures
            return
        pictures.close()  # the seek went too far, as it may where containers have no index
    yield from _decode(index, first, last, damage, careful, None)


def _decode(index: VideoIndex, first: int, last: int, damage: Damage, careful: bool,
            seek_to: Optional[int]) -> Iterator[Tuple[int, np.ndarray]]:
    to_rgb = RgbConverter(*index.stored_size)
    incomplete: Set[int] = set()  # time stamps of packets that were cut short, as not all decoders mind
    latest = -1
    with av.open(str(index.path)) as container:
        stream = container.streams[index.stream]
        stream.thread_type = 'NONE' if careful else 'AUTO'
        stream.codec_context.thread_count = 1 if careful else 0
        if seek_to is not None:
            try:
                container.seek(seek_to, stream=stream)
            except av.FFmpegError:
                return
        for frame in _frames(container, stream, damage, careful, incomplete):
            number = _number(index, frame, latest)
            if number <= latest:
                continue
            latest = number
            if number >= last:
                return
            if number < first:
                continue
            if frame.is_corrupt or index.marks_cuts and frame.pts in incomplete:
                damage.count()
            else:
                yield number, index.orientation.apply(to_rgb(frame))


def _frames(container, stream, damage: Damage, careful: bool, incomplete: Set[int]) -> Iterator[av.VideoFrame]:
    """Decoded frames in the order in which they are shown."""
    packets = read_packets(container, damage.count, stream)
    while True:
        packet = next(packets, None)
        if packet is not None and packet.is_corrupt and packet.pts is not None:
            incomplete.add(packet.pts)
        try:
            frames = stream.decode(packet)
        except av.FFmpegError as error:
            damage.count(error)
            if not careful:
                raise DecodeError(str(error)) from error
            frames = []
        yield from frames
        if packet is None:
            return


def _number(index: VideoIndex, frame: av.VideoFrame, latest: int) -> int:
    if index.pts is None or frame.pts is None:
        return latest + 1
    return int(np.searchsorted(index.pts, frame.pts, side='right')) - 1
