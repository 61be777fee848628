"""How large pictures may be, and how many bytes of them may wait in memory.

A few kilobytes can announce gigabytes. What a header says is compared with these limits before
memory is asked for; two environment variables raise them.
"""

import math
import os

from pipeline.errors import InputError

#: Pixels of a picture: 16384 x 8192, which take 400 MB as RGB.
DEFAULT_PIXELS = 1 << 27
#: Pixels along a side; OpenCV samples no longer ones.
MAX_SIDE = 32766
#: Gigabytes of pictures that wait in a chain.
DEFAULT_MEMORY = 4.0
#: Bytes of pictures in one queue between two threads, beside the one that is put in.
QUEUE_BYTES = 1 << 28


def max_pixels() -> int:
    """Pixels that a picture may have; ``POSE_MAX_PIXELS`` sets it."""
    return int(_number('POSE_MAX_PIXELS', DEFAULT_PIXELS))


def max_memory() -> int:
    """Bytes of pictures that may wait in a chain; ``POSE_MEMORY_GB`` sets it, in gigabytes."""
    return int(_number('POSE_MEMORY_GB', DEFAULT_MEMORY) * 1e9)


def check_size(name: object, width: int, height: int) -> None:
    """Raise :class:`InputError` if pictures of ``width`` x ``height`` px are larger than what is read."""
    if width * height > max_pixels():
        raise InputError(
            f'{name}: pictures of {width}x{height} are too large, at most {max_pixels()} pixels are read '
            '(POSE_MAX_PIXELS=… allows more)'
        )
    if max(width, height) > MAX_SIDE:
        raise InputError(f'{name}: pictures of {width}x{height} are too long, at most {MAX_SIDE} px a side are read')


def check_memory(name: object, width: int, height: int, picture_bytes: int, waiting: int) -> None:
    """Raise :class:`InputError` if ``waiting`` pictures of ``picture_bytes`` each take more than :func:`max_memory`."""
    needed = picture_bytes * waiting
    if needed > max_memory():
        raise InputError(
            f'{name}: pictures of {width}x{height}, of which up to {waiting} wait for the refiner and between the '
            f'stages, take {needed / 1e9:.1f} GB; {max_memory() / 1e9:g} GB are allowed '
            f'(POSE_MEMORY_GB={math.ceil(needed / 1e9)} allows more; a smaller video or --refiner none takes less)'
        )


def _number(name: str, default: float) -> float:
    text = os.environ.get(name, '')
    try:
        number = float(text or default)
    except ValueError:
        number = 0.0
    if not 0 < number < 1e15:
        raise InputError(f'{name}={text[:40]}: must be a number above 0')
    return number
