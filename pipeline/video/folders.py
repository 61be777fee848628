"""What a folder of the user holds: videos, or pictures that are the frames of one."""

import logging
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import List, Sequence

from pipeline.addresses import is_url
from pipeline.files import is_clutter
from pipeline.video.image_sequence import images_among
from pipeline.video.paths import local_path

logger = logging.getLogger(__name__)

VIDEO_SUFFIXES = frozenset(
    '.264 .265 .3g2 .3gp .asf .avi .divx .dv .f4v .flv .gif .h264 .h265 .hevc .ivf .m1v .m2t .m2ts .m2v .m4v .mjpeg '
    '.mjpg .mkv .mod .mov .mp4 .mpe .mpeg .mpg .mpv .mts .mxf .nut .ogm .ogv .qt .rm .rmvb .tod .ts .vob .webm .wmv '
    '.wtv .y4m'.split()
)


@dataclass(frozen=True)
class FolderContents:
    """Files of a folder, what systems keep beside them left out.

    Attributes:
        pictures: images in the folder itself, in natural order.
        videos: video files, in the order of their paths.
    """

    pictures: List[Path]
    videos: List[Path]

    @property
    def is_sequence(self) -> bool:
        """Whether the pictures are the frames of a video: beside videos (as thumbnails are) only if numbered."""
        return bool(self.pictures) and (not self.videos or _numbered(self.pictures))


def look_into(folder: Path, below: bool = False) -> FolderContents:
    """The videos and pictures in ``folder``; with ``below``, also the videos in folders within.

    Pictures that are neither frames nor alone are passed over, and that is said.
    """
    files = [path for path in folder.iterdir() if not is_clutter(path.name) and path.is_file()]
    pictures = images_among(files)
    if below:
        files = [path for path in folder.rglob('*') if not is_clutter(path.relative_to(folder)) and path.is_file()]
    videos = [path for path in files if path.suffix.lower() in VIDEO_SUFFIXES]
    contents = FolderContents(pictures, sorted(videos))
    if pictures and not contents.is_sequence:
        names = ', '.join(picture.name for picture in pictures[:3])
        logger.warning('%s: pictures beside videos are passed over: %d, such as %s', folder, len(pictures), names)
    return contents


def videos_meant(specs: Sequence[str]) -> List[str]:
    """``specs`` with the videos of a folder in its place, where it holds any and its pictures are not meant."""
    meant: List[str] = []
    for spec in specs:
        path = local_path(spec)
        contents = look_into(path) if path.is_dir() and not is_url(spec) else None
        if contents is None or contents.is_sequence or not contents.videos:
            meant.append(spec)
        if contents is not None:
            meant += map(str, contents.videos)
    return meant


def _numbered(pictures: Sequence[Path]) -> bool:
    """Whether the names of most pictures, and of two at least, differ in a number only."""
    names = Counter(re.sub(r'[0-9]+(?=[^0-9]*$)', '#', path.name) for path in pictures)
    name, count = names.most_common(1)[0]
    return '#' in name and count >= 2 and 2 * count > len(pictures)
