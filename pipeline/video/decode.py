"""Decode a video file with PyAV: frames, each with its index and whether it is damaged."""

from typing import Iterator, Set, Tuple, Union

import av
import numpy as np

from pipeline.video.colour import RgbConverter
from pipeline.video.containers import open_media
from pipeline.video.damage import Damage, DecodeError
from pipeline.video.index import VideoIndex, limit_decoder, read_packets
from pipeline.video.limits import QUEUE_BYTES
from pipeline.video.yuv import YuvPicture, picture_of

_MANY_THREADS = 16  # FFmpeg takes no more


def decode(
    index: VideoIndex, first: int, last: int, damage: Damage, careful: bool
) -> Iterator[Tuple[int, Union[np.ndarray, YuvPicture]]]:
    """Pictures ``first <= i < last`` of a file.

    Pictures on which the decoder reports damage are left out and counted.

    Args:
        careful: go on after damage. This takes a single thread: FFmpeg's decoding
            threads drop whole pictures that were under way when an error surfaces, and
            patch those that follow in ways that differ from run to run.

    Yields:
        ``(i, picture)``: i increases; upright, YUV or (odd sides, RGB codecs) ``(H, W, 3)`` uint8 RGB.

    Raises:
        DecodeError: at the first damage, unless ``careful``.
    """
    to_rgb = RgbConverter(*index.stored_size)
    incomplete: Set[int] = set()  # time stamps of packets that were cut short, as not all decoders mind
    latest = -1
    with _open_before(index, first) as container:
        stream = container.streams[index.stream]
        stream.thread_type = 'NONE' if careful else 'AUTO'
        stream.codec_context.thread_count = 1 if careful else _threads(index)
        limit_decoder(stream, stream.codec_context.width * stream.codec_context.height)
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
                if not careful:  # what threads make of the pictures after it differs from run to run
                    raise DecodeError(f'picture {number} is damaged')
            else:
                context = stream.codec_context
                yield (
                    number,
                    picture_of(
                        frame, index.stored_size, index.orientation, to_rgb, context.color_primaries, context.color_trc
                    ),
                )


def _threads(index: VideoIndex) -> int:
    """Of the decoder, each of which holds pictures; 0 lets FFmpeg choose."""
    fitting = QUEUE_BYTES // (2 * index.width * index.height)
    return 0 if fitting >= _MANY_THREADS else max(1, fitting)


def _open_before(index: VideoIndex, frame: int):
    """The file, at the last keyframe from which ``frame`` can be decoded."""
    container = open_media(index.path)
    keyframe = index.keyframe_before(frame)
    if keyframe is not None and not _seek(container, container.streams[index.stream], keyframe):
        container.close()
        container = open_media(index.path)
    return container


def _seek(container, stream, keyframe: int) -> bool:
    """Whether decoding can begin at or before time stamp ``keyframe``; seeks may go too far."""
    try:
        container.seek(keyframe, stream=stream)
        packet = next(container.demux(stream), None)
        container.seek(keyframe, stream=stream)
    except av.FFmpegError:
        return False
    return packet is not None and packet.pts is not None and packet.pts <= keyframe


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
