"""The frames that a file of poses speaks of, without their pictures."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Iterator, Optional, Tuple

from pipeline.errors import InputError
from pipeline.formats.found_poses import FoundPoses
from pipeline.options import RefineOptions
from pipeline.refine_file.sequence import counted_from, extent_of, rate_of
from pipeline.types import Frame, VideoInfo
from pipeline.video import VideoSource

# where neither file nor option says
DEFAULT_FPS = Fraction(30)
# frames that a source may have, and so many times those that the file names: beyond, a number in it is a mistake, which
# must not cost days and a full disk
MOST_FRAMES, MOST_SPREAD = 1_000_000, 1000


class PoseSource(VideoSource):
    """The frames of a file of poses without their pictures.

    Raises:
        InputError: if neither the file nor ``options`` say how large the picture is, or the file's few frames have
            numbers of a video that is days long.
    """

    repeatable = True

    def __init__(self, found: FoundPoses, options: RefineOptions, fps: Optional[Fraction] = None, name: str = 'poses'):
        size = options.picture_size or found.size or extent_of(found)
        found = counted_from(found, options.first_frame)
        if found.num_frames > max(MOST_FRAMES, MOST_SPREAD * len(found.people)):
            raise InputError(
                f'{found.path}: has {len(found.people)} frames, with numbers up to {found.num_frames - 1}: '
                '--first-frame says with which they begin'
            )
        rate = fps or found.fps or rate_of(found) or DEFAULT_FPS
        self._times = {} if fps else found.times
        self._picture = _NoPicture((size[1], size[0], 3))
        self.info = VideoInfo(name, size[0], size[1], rate, num_frames=found.num_frames)

    def __iter__(self) -> Iterator[Frame]:
        known, last = self._times, -math.inf
        for index in range(self.info.num_frames or 0):
            last = max(known.get(index, index / float(self.info.fps)), last + 1e-6)
            yield Frame(index, last, self._picture)  # type: ignore[arg-type]


@dataclass(frozen=True)
class _NoPicture:
    """The size of a picture that is not there."""

    shape: Tuple[int, int, int]
    nbytes: int = 0
