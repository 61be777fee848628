"""Decode a video file with decord, on request and where it reads correctly.

PyAV is the default, because of what was measured with decord2 3.4.0:

- its queue has no bound: a consumer slower than the decoder (any network is) makes
  it hold decoded film. The chain's encoder behind it peaked at 971 MB on 300 frames
  of 640x360 and at 1,185 MB on 3,000, where PyAV takes 604 and 608 MB;
- importing it takes 300 MB and two seconds, and it decodes no faster;
- it hands out pictures without time stamps and without a word on damage (a damaged
  H.264 picture that the decoder patched over looks like any other), and stops at the
  first packet that cannot be decoded;
- of an intact MPEG-TS file it silently leaves out the first group of pictures;
- with more than one thread it breaks off VP9; rows of some widths (8, 48) come
  with their padding.

Hence the conditions of :func:`decord_suits`, and one thread.
"""

import os
from typing import Iterator, Tuple

import av  # noqa: F401  before decord, whose FFmpeg would otherwise serve PyAV as well
import numpy as np

# isort: off
import torch  # noqa: F401  before decord, too: where decord comes first, torch's matrix products end in SIGSEGV
import decord
# isort: on

from pipeline.video.damage import Damage, DecodeError
from pipeline.video.decode import decode
from pipeline.video.index import VideoIndex

# these decoders give one picture per packet and fail where a packet is damaged; others patch it over
_CODECS = ('vp9', 'av1')
# mean difference in levels: two decoders' roundings differ by less, two frames of a film by more
_SAME_PICTURE = 2.0
# share of frames that decord may repeat in place of others before it raises: none
_NO_REPEATS = 1e-6


def decord_suits(index: VideoIndex, first: int) -> bool:
    """Whether decord reads this file right from frame ``first`` on, as far as its index tells."""
    return (
        first == 0
        and index.codec in _CODECS
        and index.pts is not None
        and not index.damaged
        and index.promised in (0, len(index))
        and not index.orientation.mirrored
    )


def decode_with_decord(index: VideoIndex, last: int) -> Iterator[Tuple[int, np.ndarray]]:
    """Pictures ``0 <= i < last`` of a file.

    Yields:
        ``(i, image)``: consecutive; ``(H, W, 3)`` uint8 RGB, upright.

    Raises:
        DecodeError: where decord stops, or disagrees with the index or PyAV's first picture.
    """
    # an absolute path is no protocol to decord's FFmpeg, and its content PyAV has vetted
    decord.logging.set_level(decord.logging.QUIET)  # damage is reported in our own words
    try:
        reader = decord.VideoReader(
            os.path.abspath(index.path), width=index.width, height=index.height, num_threads=1, fault_tol=_NO_REPEATS
        )
        if len(reader) != len(index):
            raise DecodeError(f'decord counts {len(reader)} frames of {len(index)}')
        for i in range(last):
            image = _without_padding(reader.next().asnumpy(), index)
            if i == 0:
                _check_first(image, index)
            yield i, image
    except (decord.DECORDError, decord.DECORDLimitReachedError, RuntimeError, StopIteration) as error:
        raise DecodeError(str(error)) from error


def _without_padding(image: np.ndarray, index: VideoIndex) -> np.ndarray:
    """Undo decord's (H, W, row bytes / W) where rows are padded to a multiple of W."""
    if image.shape[:2] != (index.height, index.width):
        raise DecodeError(f'decord gives pictures of shape {image.shape}')
    if image.shape[2] == 3:
        return image
    rows = image.reshape(index.height, -1)[:, : 3 * index.width]
    return rows.reshape(index.height, index.width, 3).copy()


def _check_first(image: np.ndarray, index: VideoIndex) -> None:
    _, expected = next(decode(index, 0, 1, Damage(), careful=True), (0, None))
    expected = getattr(expected, 'rgb', expected)
    if expected is None or np.abs(image.astype(np.int16) - expected).mean() > _SAME_PICTURE:
        raise DecodeError('decord starts with another picture than PyAV')
