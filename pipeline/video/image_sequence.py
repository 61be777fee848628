"""Images as the frames of a video."""

import glob
import io
import logging
import re
import warnings
from fractions import Fraction
from pathlib import Path
from typing import Iterator, List, Optional, Sequence, Tuple

import cv2
import numpy as np
from PIL import Image

from pipeline.errors import InputError
from pipeline.files import is_clutter
from pipeline.types import Frame, VideoInfo
from pipeline.video.moments import Moment, frame_range
from pipeline.video.source import VideoSource

logger = logging.getLogger(__name__)

IMAGE_SUFFIXES = frozenset(
    (
        '.avif',
        '.bmp',
        '.dib',
        '.jp2',
        '.jpe',
        '.jpeg',
        '.jpg',
        '.pbm',
        '.pgm',
        '.png',
        '.pnm',
        '.ppm',
        '.ras',
        '.sr',
        '.tif',
        '.tiff',
        '.webp',
    )
)
DEFAULT_IMAGE_RATE = Fraction(30)
_EXIF_ORIENTATION = 0x0112
MAX_PIXELS = 1 << 27  # as of videos


class ImageSequence(VideoSource):
    """Images of one size; grey, 16-bit and transparent ones become 8-bit RGB (transparency is dropped).

    An image that cannot be read is skipped with a warning. One of another size is scaled into that of the first,
    with black borders where its shape differs.

    Args:
        name: of the sequence, for output files.
        paths: in the order in which they are shown, at least one.
        start, end: what to read; ``end`` is not included.
        fps: frames per second, 30 if None.
        resize: whether images of another size are wanted.

    Raises:
        InputError: if no image can be read or the range holds none, or one has another
            size than the first, unless ``resize``.
    """

    def __init__(
        self,
        name: str,
        paths: Sequence[Path],
        start: Optional[Moment] = None,
        end: Optional[Moment] = None,
        fps: Optional[Fraction] = None,
        resize: bool = False,
    ):
        fps = fps or DEFAULT_IMAGE_RATE
        self._times = np.arange(len(paths)) / float(fps)
        self._paths = paths
        self.first, self._last = frame_range(name, self._times, start, end)
        images = map(_read_image, paths[self.first : self._last])
        sample = next((image for image in images if image is not None), None)
        if sample is None:
            raise InputError(f'{paths[self.first]}: not an image that can be read')
        self.info = VideoInfo(
            name=name,
            width=sample.shape[1],
            height=sample.shape[0],
            fps=fps,
            num_frames=self._last - self.first,
            start=float(self._times[self.first]),
        )
        if not resize:
            self._check_sizes()

    def _check_sizes(self) -> None:
        """Look at what all headers say, before any work; an image that seems to differ is read."""
        size = self.info.width, self.info.height
        for path in self._paths[self.first : self._last]:
            if _size_of(path) in (size, None):
                continue
            image = _read_image(path)
            if image is not None and image.shape[1::-1] != size:
                raise InputError(
                    f'{path}: is {image.shape[1]}x{image.shape[0]} px, but the sequence began with '
                    f'{size[0]}x{size[1]}; all images need one size: leave it out, or give --resize'
                )

    def __iter__(self) -> Iterator[Frame]:
        self.skipped = 0
        for i in range(self.first, self._last):
            image = _read_image(self._paths[i])
            if image is None:
                self.skipped += 1
                logger.warning('%s: not an image that can be read; skipped', self._paths[i])
                continue
            yield Frame(i, float(self._times[i]), _fitted(image, self.info.width, self.info.height))


def images_in_folder(folder: Path) -> List[Path]:
    """The images of ``folder`` in natural order; those are not meant that systems keep there.

    Raises:
        InputError: if there are none.
    """
    paths = _images(path for path in folder.iterdir() if not is_clutter(path.name))
    if not paths:
        raise InputError(f'{folder}: holds no images ({", ".join(sorted(IMAGE_SUFFIXES))})')
    return paths


def images_by_pattern(pattern: str) -> List[Path]:
    """The images that a glob ``pattern`` finds, in natural order.

    Raises:
        InputError: if there are none.
    """
    paths = _images(path for path in map(Path, glob.glob(pattern, recursive=True)) if not is_clutter(path.name))
    if not paths:
        raise InputError(f'{pattern}: matches no images ({", ".join(sorted(IMAGE_SUFFIXES))})')
    return paths


def _images(paths) -> List[Path]:
    return sorted((p for p in paths if p.suffix.lower() in IMAGE_SUFFIXES and p.is_file()), key=natural_order)


def natural_order(path: Path) -> list:
    """Sort key by which 'frame10' comes after 'frame9'; digits sort before letters."""
    parts = re.split(r'([0-9]+)', str(path))  # '²' is a digit, too, but no number
    return [(0, int(part), part) if i % 2 else (1, 0, part) for i, part in enumerate(parts) if part]


def _read_image(path: Path) -> Optional[np.ndarray]:
    """``(H, W, 3)`` uint8 RGB, turned upright as its EXIF data says; None if it is no image."""
    try:
        data = np.fromfile(path, np.uint8)  # cv2.imread fails on some names and warns on stderr
        image = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) and not _is_too_large(data) else None
    except (OSError, cv2.error):
        return None
    return None if image is None else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _fitted(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """``image`` scaled into ``width`` x ``height``, in its shape, in the middle of black."""
    if image.shape[:2] == (height, width):
        return image
    scale = min(width / image.shape[1], height / image.shape[0])
    inner_width, inner_height = (max(1, round(scale * side)) for side in image.shape[1::-1])
    small = cv2.resize(image, (inner_width, inner_height), interpolation=cv2.INTER_AREA)
    left, top = (width - inner_width) // 2, (height - inner_height) // 2
    return cv2.copyMakeBorder(
        small, top, height - inner_height - top, left, width - inner_width - left, cv2.BORDER_CONSTANT
    )


def _size_of(path: Path) -> Optional[Tuple[int, int]]:
    """Width and height as the header says and EXIF data turns them; None if they are not to be had."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            with Image.open(path) as image:
                turned = image.getexif().get(_EXIF_ORIENTATION, 1) >= 5
                return (image.height, image.width) if turned else image.size
    except Exception:  # as of _is_too_large
        return None


def _is_too_large(data: np.ndarray) -> bool:
    """Whether the header announces more pixels than are held; a few kilobytes can announce gigabytes."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            with Image.open(io.BytesIO(data)) as image:
                return image.width * image.height > MAX_PIXELS
    except Image.DecompressionBombError:
        return True
    except Exception:  # formats that Pillow does not know, or damage that OpenCV may get over
        return False
