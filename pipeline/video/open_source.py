"""Open the source that an input (path, glob, index, URL, arrays) means."""

import os
from pathlib import Path
from typing import Iterable, Union

import numpy as np

from pipeline.addresses import NETWORK_SCHEMES, is_url, shown
from pipeline.errors import InputError
from pipeline.moments import MomentLike, RateLike, parse_moment, parse_rate
from pipeline.video.animated import AnimatedImage, is_animated
from pipeline.video.arrays import ArraySource
from pipeline.video.image_sequence import (
    DEFAULT_IMAGE_RATE,
    IMAGE_SUFFIXES,
    ImageSequence,
    images_by_pattern,
    images_in_folder,
)
from pipeline.video.live import LiveSource, device, is_device, live_name
from pipeline.video.paths import local_path
from pipeline.video.source import VideoSource
from pipeline.video.video_file import VideoFile

_HEIF_SUFFIXES = ('.heic', '.heif', '.hif')
READERS = ('pyav', 'decord')


def open_source(
    spec: Union[str, int, Path, np.ndarray, Iterable[np.ndarray]],
    start: MomentLike = None,
    end: MomentLike = None,
    fps: RateLike = None,
    timeout: float = 10.0,
    reader: str = 'pyav',
    resize: bool = False,
    deinterlace: bool = False,
) -> VideoSource:
    """Open one input.

    Args:
        spec: a video file, an image (animated ones are videos), a folder or glob pattern of images, a camera
            index or device (``0``, ``/dev/video0``), a stream URL; or pictures that are
            there already: an array ``(H, W, 3)`` uint8 RGB, a list or an iterator of them.
        start, end: first moment to read, and the moment before which to stop
            (seconds such as ``12.5`` or ``'1:02.5'``, or a frame such as ``'300f'``).
        fps: frame rate of images (30 if None); a video's frames are reinterpreted at it.
        reader: of video files, ``pyav`` or ``decord`` (see :class:`VideoFile`).
        resize: scale images of another size than the first of their sequence, see :class:`ImageSequence`.
        deinterlace: remove the combs of interlaced video files.
        timeout: seconds without a frame after which a camera or stream counts as stalled.

    Returns:
        A context manager with ``.info``, to be iterated over once.

    Raises:
        InputError: one line that says what is wrong with the input.
    """
    if reader not in READERS:
        raise InputError(f'unknown reader {reader!r}: allowed are {", ".join(READERS)}')
    start, end, fps = parse_moment(start), parse_moment(end), parse_rate(fps)
    if isinstance(spec, np.ndarray) and spec.ndim == 3:
        spec = [spec]
    if isinstance(spec, Iterable) and not isinstance(spec, (str, Path)):
        return ArraySource(spec, fps or DEFAULT_IMAGE_RATE, start=start, end=end)
    text = str(spec)
    if not text:
        raise InputError('the input has no name')
    if is_camera(text):
        return LiveSource(device(text), start, end, fps, timeout)
    if is_url(text):
        if not text.isprintable():  # of half a character OpenCV dies
            raise InputError(f'{shown(text)}: an address has only characters that can be printed; write %XX for others')
        return LiveSource(text, start, end, fps, timeout)
    path = local_path(text)
    if path.is_dir():
        return ImageSequence(source_name(text), images_in_folder(path), start, end, fps, resize)
    if path.is_file():
        if path.suffix.lower() in IMAGE_SUFFIXES and is_animated(path):
            return AnimatedImage(path, start, end, fps)
        if path.suffix.lower() in IMAGE_SUFFIXES:
            return ImageSequence(source_name(text), [path], start, end, fps)
        if path.suffix.lower() in _HEIF_SUFFIXES:  # FFmpeg would give one of the tiles that they consist of
            raise InputError(f'{path}: HEIF pictures are not read; have the phone export JPEG')
        return VideoFile(path, start, end, fps, reader, deinterlace)
    if path.exists():
        raise InputError(f'{path}: is neither a file nor a folder')
    if is_pattern(text):
        return ImageSequence(source_name(text), images_by_pattern(text), start, end, fps, resize)
    if '://' in text:
        raise InputError(f'{shown(text)}: streams are opened by {", ".join(NETWORK_SCHEMES)}')
    raise InputError(f'{path}: no such file or folder')


def source_name(text: str) -> str:
    """Stem of the output files of the input ``text``, without opening it.

    Raises:
        InputError: for a pattern that matches nothing.
    """
    if is_camera(text) or is_url(text):
        return live_name(device(text) if is_camera(text) else text)
    path = local_path(text)
    if path.is_dir():
        return path.resolve().name or 'images'
    if not path.exists() and is_pattern(text):
        return images_by_pattern(text)[0].resolve().parent.name or 'images'
    return path.stem


def is_camera(text: str) -> bool:
    """Whether ``text`` is a camera's index or a device."""
    is_index = text.isascii() and text.isdigit() and not os.path.exists(text)
    return is_index or is_device(text)


def is_pattern(text: str) -> bool:
    """Whether ``text`` can match several files."""
    return any(c in text for c in '*?[')
