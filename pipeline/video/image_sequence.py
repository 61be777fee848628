"""Images as the frames of a video."""

import glob
import logging
import re
import warnings
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Iterable, Iterator, List, Optional, Sequence, Tuple

import cv2
import numpy as np
from PIL import Image

from pipeline.errors import InputError
from pipeline.files import is_clutter
from pipeline.moments import Moment, frame_range
from pipeline.types import Frame, VideoInfo
from pipeline.video.limits import DEFAULT_PIXELS, check_size, max_pixels
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
# by their content, whatever the file is called; Pillow knows the size of each before it is read
_FORMATS = ('AVIF', 'BMP', 'DIB', 'JPEG', 'JPEG2000', 'PNG', 'PPM', 'SUN', 'TIFF', 'WEBP')
_COSTLY = 4  # times the memory of other formats, which JPEG 2000's decoder takes
_NO_IMAGE = 'not an image that can be read'
_MAX_FILE = 1 << 29  # bytes, above those of any picture of the allowed size
_EXIF_ORIENTATION = 0x0112


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

    repeatable = True

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
        sample = _first_image(paths[self.first : self._last])
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
            try:
                image = read_image(path)
            except InputError:  # it will be skipped
                continue
            if image.shape[1::-1] != size:
                raise InputError(
                    f'{path}: is {image.shape[1]}x{image.shape[0]} px, but the sequence began with '
                    f'{size[0]}x{size[1]}; all images need one size: leave it out, or give --resize'
                )

    def __iter__(self) -> Iterator[Frame]:
        self.skipped = 0
        for i in range(self.first, self._last):
            try:
                image = read_image(self._paths[i])
            except InputError as error:
                self.skipped += 1
                logger.warning('%s; skipped', error)
                continue
            yield Frame(i, float(self._times[i]), _fitted(image, self.info.width, self.info.height))


def images_in_folder(folder: Path) -> List[Path]:
    """The images of ``folder`` in natural order; those are not meant that systems keep there.

    Raises:
        InputError: if there are none.
    """
    paths = images_among(path for path in folder.iterdir() if not is_clutter(path.name))
    if not paths:
        raise InputError(f'{folder}: holds no images ({", ".join(sorted(IMAGE_SUFFIXES))})')
    return paths


def images_by_pattern(pattern: str) -> List[Path]:
    """The images that a glob ``pattern`` finds, in natural order.

    Raises:
        InputError: if there are none.
    """
    paths = images_among(path for path in map(Path, glob.glob(pattern, recursive=True)) if not is_clutter(path.name))
    if not paths:
        raise InputError(f'{pattern}: matches no images ({", ".join(sorted(IMAGE_SUFFIXES))})')
    return paths


def images_among(paths: Iterable[Path]) -> List[Path]:
    """Those that are images by their names, in natural order."""
    return sorted((p for p in paths if p.suffix.lower() in IMAGE_SUFFIXES and p.is_file()), key=_natural_order)


def _natural_order(path: Path) -> list:
    """Sort key by which 'frame10' comes after 'frame9'; digits sort before letters."""
    parts = re.split(r'([0-9]+)', str(path))  # '²' is a digit, too, but no number
    return [(0, int(part), part) if i % 2 else (1, 0, part) for i, part in enumerate(parts) if part]


def _first_image(paths: Sequence[Path]) -> np.ndarray:
    """The first image that can be read; if there is none, the first one's error."""
    first: Optional[InputError] = None
    for path in paths:
        try:
            return read_image(path)
        except InputError as error:
            first = first or error
    assert first is not None
    raise first


def read_image(path: Path) -> np.ndarray:
    """``(H, W, 3)`` uint8 RGB, turned upright as its EXIF data says.

    Raises:
        InputError: if it is no image, a damaged one, or larger than what is read.
    """
    try:
        _check_header(path)
        data = np.fromfile(path, np.uint8)  # cv2.imread fails on some names and warns on stderr
        image = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    except (OSError, cv2.error) as error:
        raise InputError(f'{path}: {_NO_IMAGE}') from error
    if image is None:
        raise InputError(f'{path}: {_NO_IMAGE}')
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


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
        check_file(path)
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            with Image.open(path, formats=_known_formats()) as image:
                turned = image.getexif().get(_EXIF_ORIENTATION, 1) >= 5
                return (image.height, image.width) if turned else image.size
    except Exception:  # Pillow raises what comes to its readers' minds
        return None


@lru_cache(maxsize=1)
def _known_formats() -> List[str]:
    Image.init()
    return [name for name in _FORMATS if name in Image.OPEN]


def check_file(path: Path) -> None:
    """Refuse what is larger than any picture of the allowed size, since Pillow reads some kinds whole.

    Raises:
        InputError: naming the size.
    """
    size = path.stat().st_size
    if size > _MAX_FILE:
        raise InputError(f'{path}: {size} bytes are too many for an image, at most {_MAX_FILE} are read')


def _check_header(path: Path) -> None:
    """Refuse what is no picture by its first bytes, and what a few kilobytes could unfold to."""
    check_file(path)
    allowed = max_pixels()
    if allowed > DEFAULT_PIXELS:  # Pillow has a limit of its own, above ours
        Image.MAX_IMAGE_PIXELS = allowed
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            with Image.open(path, formats=_known_formats()) as image:
                width, height = image.size
                costly = image.format == 'JPEG2000'
    except Image.DecompressionBombError as error:
        raise InputError(
            f'{path}: the picture is too large, at most {allowed} pixels are read (POSE_MAX_PIXELS=… allows more)'
        ) from error
    except Exception as error:  # Pillow raises what comes to its readers' minds
        raise InputError(f'{path}: {_NO_IMAGE}') from error
    check_size(path, width, height)
    if costly and width * height > allowed // _COSTLY:
        raise InputError(
            f'{path}: a JPEG 2000 picture of {width}x{height} takes too much memory to read, '
            f'at most {allowed // _COSTLY} pixels are read (POSE_MAX_PIXELS=… allows more)'
        )
