"""Several pictures in one image file: animated WebP, PNG and AVIF, and stacks of TIFF."""

import logging
import warnings
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Iterator, List, Optional

import numpy as np
from PIL import Image

from pipeline.errors import InputError
from pipeline.moments import Moment, frame_range
from pipeline.types import Frame, VideoInfo
from pipeline.video.image_sequence import DEFAULT_IMAGE_RATE, check_file
from pipeline.video.limits import max_pixels
from pipeline.video.source import VideoSource

logger = logging.getLogger(__name__)

# in others, such as the JPEGs of phones, further pictures are previews and other exposures
_FORMATS = ('WEBP', 'PNG', 'AVIF', 'TIFF')
_MAX_ANIMATED_PIXELS = 1 << 33  # of all pictures, which are decoded once before the work; 4,000 of 1920x1080
_NO_DURATION = 100  # ms, as browsers show pictures of which the file says 0


def is_animated(path: Path) -> bool:
    """Whether an image file holds more than one picture of a row."""
    try:
        with _open(path) as image:
            return image.format in _FORMATS and getattr(image, 'n_frames', 1) > 1
    except Exception:  # whatever is wrong with it, it is no animation
        return False


class AnimatedImage(VideoSource):
    """The pictures of an image file with their own durations; those of a TIFF have the given rate.

    Transparency is dropped, 16 bits become 8. Pictures of another size than the first one, as previews
    in TIFF files are, are left out and said.

    Args:
        path: of the file.
        start, end: what to read; ``end`` is not included.
        fps: pictures per second, in place of the file's durations.

    Raises:
        InputError: if no picture can be read, they are too large, or the range holds none.
    """

    repeatable = True

    def __init__(
        self,
        path: Path,
        start: Optional[Moment] = None,
        end: Optional[Moment] = None,
        fps: Optional[Fraction] = None,
    ):
        self._path = path
        self._pages, durations, (width, height) = _survey(path)
        if fps is None and None not in durations:
            begins = np.concatenate([[0], np.cumsum(durations)]) / 1000
            self._times = begins[:-1]
            fps = Fraction(len(durations)) / Fraction(begins[-1]).limit_denominator(10**6)
        else:
            fps = fps or DEFAULT_IMAGE_RATE
            self._times = np.arange(len(self._pages)) / float(fps)
        self.first, self._last = frame_range(str(path), self._times, start, end)
        self.info = VideoInfo(
            name=path.stem,
            width=width,
            height=height,
            fps=fps,
            num_frames=self._last - self.first,
            start=float(self._times[self.first]),
        )

    def __iter__(self) -> Iterator[Frame]:
        self.skipped = 0
        with _open(self._path) as image:
            for i, page in islice(enumerate(self._pages), self.first, self._last):
                try:
                    image.seek(page)
                    picture = _rgb(image)
                except Exception:  # those of a TIFF are decoded here for the first time
                    self.skipped += 1
                    logger.warning('%s: its picture %d cannot be read; skipped', self._path, page)
                    continue
                yield Frame(i, float(self._times[i]), picture)


def _survey(path: Path):
    """Numbers of the pictures to be shown, their durations in ms (None where the file has none), and their size."""
    pages: List[int] = []
    durations: List[Optional[float]] = []
    size, others, count, pixels = None, 0, 0, 0
    try:
        with _open(path) as image:
            count = image.n_frames
            # a PNG's picture for programs that show no animations is none of it
            for page in range(bool(image.info.get('default_image')), count):
                image.seek(page)
                pixels += image.width * image.height * (image.format != 'TIFF')  # whose directory says it all
                if image.width * image.height > max_pixels() or pixels > _MAX_ANIMATED_PIXELS:
                    raise InputError(f'{path}: {count} pictures of {image.width}x{image.height} are too large')
                if image.format != 'TIFF':
                    image.load()
                size = size or image.size
                if image.size != size:
                    others += 1
                    continue
                pages.append(page)
                durations.append(None if image.format == 'TIFF' else image.info.get('duration') or _NO_DURATION)
    except InputError:
        raise
    except Exception as error:  # Pillow's plugins fail in as many ways as there are formats
        if not pages:
            raise InputError(f'{path}: not an image that can be read') from error
        logger.warning('%s: holds %d of the %d pictures that its header promises', path, len(pages), count)
    if others:
        logger.warning('%s: %d of its pictures have another size than the first and are left out', path, others)
    return pages, durations, size


def _open(path: Path) -> Image.Image:
    check_file(path)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # sizes are checked here
        return Image.open(path)


def _rgb(image: Image.Image) -> np.ndarray:
    """``(H, W, 3)`` uint8."""
    if image.mode.startswith('I;16'):
        grey = (np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    return np.array(image.convert('RGB'))
