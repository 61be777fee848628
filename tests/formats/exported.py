"""A small video of two people, with a gap and joints that were not seen, written in any format."""

from fractions import Fraction
from pathlib import Path
from typing import List

import numpy as np

from pipeline.formats import RunInfo, format_named, open_exporter
from pipeline.skeletons import load_skeleton
from pipeline.types import Frame, FrameResult, People, VideoInfo

COCO = load_skeleton('coco')
VIDEO = VideoInfo('clip', 640, 480, Fraction(25), num_frames=6, path='clip.mp4')
FIRST = 3  # index of the first frame in the source

_RANDOM = np.random.default_rng(7)
#: ``(T, 2, 17, 2)`` px; person 1 is in all frames, person 2 in frames 1, 2 and 4 only
POINTS = _RANDOM.uniform(5, 470, (6, 2, 17, 2)).astype(np.float32)
#: ``(T, 2, 17)``; person 1's left wrist was never seen, nor person 2's nose in frame 2
SCORES = _RANDOM.uniform(0.1, 1, (6, 2, 17)).astype(np.float32)
SCORES[:, 0, 9] = 0
SCORES[2, 1, 0] = 0
THERE = np.array([[1, 0], [1, 1], [1, 1], [1, 0], [1, 1], [1, 0]], bool)
#: ``(T, 2, 17, 2)`` as files should have them: NaN where a joint or a person is not
SEEN = np.where((THERE[:, :, None] & (SCORES > 0))[..., None], POINTS, np.nan)
BOX = (10, 20, 110.5, 220.25)


def results() -> List[FrameResult]:
    return [FrameResult(Frame(FIRST + t, t / 25, None), people(t)) for t in range(len(POINTS))]


def people(t: int) -> People:
    rows = np.flatnonzero(THERE[t])
    boxes = np.tile(np.array(BOX, np.float32), (len(rows), 1))
    return People(boxes, np.full(len(rows), 0.75, np.float32), POINTS[t, rows], SCORES[t, rows], rows + 1)


def lifted() -> List[FrameResult]:
    """The same, with joints in space: of frame t, person i and joint k at (k, i, t / 8) m; nobody's in frame 4."""
    found = results()
    for t, result in enumerate(found):
        people = result.people
        space = [[(k, i, t / 8) for k in range(17)] for i in people.track_ids]
        people.keypoints_3d = None if t == 4 else np.array(space, np.float32)
    return found


def export(folder: Path, name: str, skeleton=COCO, video=VIDEO, frames=None, run=None, **options) -> List[Path]:
    """Write the video as format ``name``; returns the files."""
    path = folder / f'{video.name}{format_named(name).suffix}'
    with open_exporter(name, path, run or RunInfo(preset='embedded'), skeleton, video, **options) as exporter:
        for result in results() if frames is None else frames:
            exporter.write(result)
    return exporter.files
