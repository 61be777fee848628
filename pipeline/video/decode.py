"""Decode a video file with PyAV: frames, each with its index and whether it is damaged."""

from bisect import insort
from collections import deque
from typing import Deque, Iterator, List, Set, Tuple, Union

import av
import numpy as np

from pipeline.video.colour import RgbConverter
from pipeline.video.containers import open_media
from pipeline.video.damage import Damage, DecodeError
from pipeline.video.deinterlace import deinterlaced
from pipeline.video.index import VideoIndex, limit_decoder, read_packets
from pipeline.video.limits import QUEUE_BYTES
from pipeline.video.yuv import YuvPicture, picture_of

_MANY_THREADS = 16  # FFmpeg takes no more
_AWAITED = 4  # frames after one that is missing, until it counts as lost


def decode(
    index: VideoIndex, first: int, last: int, damage: Damage, careful: bool, deinterlace: bool = False
) -> Iterator[Tuple[int, Union[np.ndarray, YuvPicture]]]:
    """Pictures ``first <= i < last`` of a file.

    Pictures on which the decoder reports damage are left out and counted.

    Args:
        careful: go on after damage. This takes a single thread: FFmpeg's decoding
            threads drop whole pictures that were under way when an error surfaces, and
            patch those that follow in ways that differ from run to run.
        deinterlace: see :func:`deinterlaced`.

    Yields:
        ``(i, picture)``: i increases; upright, YUV or (odd sides, RGB codecs) ``(H, W, 3)`` uint8 RGB.

    Raises:
        DecodeError: at the first damage, unless ``careful``.
    """
    to_rgb = RgbConverter(*index.stored_size)
    with _open_before(index, first - deinterlace) as container:  # the filter looks at the frame before
        stream = container.streams[index.stream]
        stream.thread_type = 'NONE' if careful else 'AUTO'
        stream.codec_context.thread_count = 1 if careful else _threads(index)
        limit_decoder(stream, stream.codec_context.width * stream.codec_context.height)
        frames = _whole(index, first, container, stream, damage, careful)
        for number, frame in deinterlaced(frames) if deinterlace else frames:
            if number >= last:
                return
            if number >= first:
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


def _whole(
    index: VideoIndex, first: int, container, stream, damage: Damage, careful: bool
) -> Iterator[Tuple[int, av.VideoFrame]]:
    """Numbered frames, from somewhere at or before ``first`` on; damaged ones are counted from there on."""
    incomplete: Set[int] = set()  # time stamps of packets that were cut short, as not all decoders mind
    for number, frame in _numbered(index, _frames(index, container, stream, damage, careful, incomplete)):
        if frame.is_corrupt or index.marks_cuts and frame.pts in incomplete:
            if number < first:
                continue
            damage.count()
            if not careful:  # what threads make of the pictures after it differs from run to run
                raise DecodeError(f'picture {number} is damaged')
        else:
            yield number, frame


def _open_before(index: VideoIndex, frame: int):
    """The file, at the last keyframe from which ``frame`` can be decoded."""
    container = open_media(index.path)
    keyframe = index.keyframe_before(max(frame, 0))
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


def _frames(
    index: VideoIndex, container, stream, damage: Damage, careful: bool, incomplete: Set[int]
) -> Iterator[av.VideoFrame]:
    """Decoded frames in the order in which they are shown; where stamps were repaired, their index is their stamp."""
    packets = read_packets(container, damage.count, stream)
    places = None if index.places is None else iter(index.places.tolist())
    while True:
        packet = next(packets, None)
        if packet is not None and places is not None and not packet.is_discard:
            packet.pts = next(places, None)
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


def _numbered(index: VideoIndex, frames: Iterator[av.VideoFrame]) -> Iterator[Tuple[int, av.VideoFrame]]:
    """Frames with their increasing numbers.

    A decoder knows the order of frames from what is in them. So where stamps say otherwise for a few of them,
    these keep their order and share their stamps out anew; a number that does not come up is a lost frame.
    """
    waiting: Deque[av.VideoFrame] = deque()
    numbers: List[int] = []  # theirs, sorted
    following = None

    for frame in frames:
        number = _number(index, frame, -1 if following is None else following + len(numbers) - 1)
        if following is None:
            following = number
        if number < following or number in numbers:
            continue
        insort(numbers, number)
        waiting.append(frame)
        while numbers and (numbers[0] == following or len(numbers) > _AWAITED):
            following = numbers[0] + 1
            yield numbers.pop(0), waiting.popleft()
    yield from zip(numbers, waiting)


def _number(index: VideoIndex, frame: av.VideoFrame, latest: int) -> int:
    if index.places is not None and frame.pts is not None:
        return frame.pts
    if index.pts is None or frame.pts is None:
        return latest + 1
    return int(np.searchsorted(index.pts, frame.pts, side='right')) - 1
