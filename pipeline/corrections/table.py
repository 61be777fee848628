"""All people of all frames as one table, a row for each: what corrections work on.

Legend: ``R`` rows, ``F`` frames, ``K`` keypoints.
"""

from dataclasses import dataclass, field, replace
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np

from pipeline.errors import InputError
from pipeline.formats import PoseFile
from pipeline.skeletons import Skeleton
from pipeline.types import People, VideoInfo

_COLUMNS = ('bboxes', 'bbox_scores', 'keypoints', 'keypoint_scores', 'track_ids', 'keypoints_raw', 'filled')


@dataclass(frozen=True)
class Table:
    """The people of a video, sorted by frame.

    Attributes:
        skeleton: their joints.
        frames: ``(F,)`` int64, numbers of the frames, ascending.
        times: ``(F,)`` float64 seconds, ascending.
        position: ``(R,)`` int64, which of the frames a row is of.
        bboxes, bbox_scores, keypoints, keypoint_scores, track_ids, keypoints_raw, filled: as in
            :class:`pipeline.types.People`, ``(R, …)``.
        keypoint_sigmas: ``(R, K)`` float32 px, NaN where it is not known; None if it is nowhere.
        video: the source, where it is known.
        run: the record of the run that made it.
    """

    skeleton: Skeleton
    frames: np.ndarray
    times: np.ndarray
    position: np.ndarray
    bboxes: np.ndarray
    bbox_scores: np.ndarray
    keypoints: np.ndarray
    keypoint_scores: np.ndarray
    track_ids: np.ndarray
    keypoints_raw: np.ndarray
    filled: np.ndarray
    keypoint_sigmas: Optional[np.ndarray] = None
    video: Optional[VideoInfo] = None
    run: dict = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.position)

    @property
    def size(self) -> Tuple[int, int]:
        """Width and height of the picture, px; where the file does not say, those of Full HD."""
        return (self.video.width, self.video.height) if self.video else (1920, 1080)

    @property
    def step(self) -> float:
        """Seconds from frame to frame, the median."""
        return float(np.median(np.diff(self.times))) if len(self.times) > 1 else 1 / 30

    def rows(self, chosen: np.ndarray, **columns: Any) -> 'Table':
        """The chosen rows, in that order; ``columns`` replace theirs."""
        taken = {name: getattr(self, name)[chosen] for name in ('position', *_COLUMNS)}
        sigmas = None if self.keypoint_sigmas is None else self.keypoint_sigmas[chosen]
        return replace(self, **{**taken, 'keypoint_sigmas': sigmas, **columns})

    def sorted(self) -> 'Table':
        """By frame, and by id within it."""
        return self.rows(np.lexsort((self.track_ids, self.position)))

    def people(self, begin: int = 0, end: Optional[int] = None) -> List[People]:
        """The people of each frame, or of those at the positions from ``begin`` up to, not including, ``end``."""
        end = len(self.frames) if end is None else end
        edges = np.searchsorted(self.position, np.arange(begin, end + 1))
        return [self._people(slice(a, b)) for a, b in zip(edges, edges[1:])]

    def _people(self, chosen: slice) -> People:
        sigmas = None if self.keypoint_sigmas is None else self.keypoint_sigmas[chosen]
        if sigmas is not None and (not len(sigmas) or np.isnan(sigmas).all()):
            sigmas = None
        return People(**{name: getattr(self, name)[chosen] for name in _COLUMNS}, keypoint_sigmas=sigmas)

    @classmethod
    def of(cls, poses: PoseFile) -> 'Table':
        """The table of a pose file.

        Raises:
            InputError: if it does not name its joints, or has no times that increase.
        """
        if poses.skeleton is None:
            raise InputError('the poses do not name their joints: corrections need a file that this package wrote')
        frames = np.array([frame.index for frame in poses.frames], np.int64)
        times = np.array([frame.time for frame in poses.frames], np.float64)
        if not (np.isfinite(times).all() and (np.diff(times) > 0).all() and (np.diff(frames) > 0).all()):
            raise InputError('corrections need poses with times and numbers of frames that increase')
        people = [frame.people for frame in poses.frames]
        return cls.from_people(poses.skeleton, frames, times, people, video=poses.video, run=poses.run)

    @classmethod
    def from_people(
        cls, skeleton: Skeleton, frames: np.ndarray, times: np.ndarray, people: Sequence[People], **more: Any
    ) -> 'Table':
        """The table of the people of each frame; ``more`` are ``video`` and ``run``."""
        people = [People.empty(skeleton.num_keypoints), *people]  # so that there is always something to join
        position = np.repeat(np.arange(len(people)) - 1, [len(here) for here in people])
        columns = {name: np.concatenate([getattr(here, name) for here in people]) for name in _COLUMNS}
        sigmas = None
        if any(here.keypoint_sigmas is not None for here in people):
            unknown = np.full((len(position), skeleton.num_keypoints), np.nan, np.float32)
            sigmas = np.concatenate(
                [unknown[: len(here)] if here.keypoint_sigmas is None else here.keypoint_sigmas for here in people]
            )
        return cls(skeleton, frames, times, position, **columns, keypoint_sigmas=sigmas, **more)


def joined(tables: Sequence[Table]) -> Table:
    """The rows of several tables of the same frames."""
    first = tables[0]
    columns = {name: np.concatenate([getattr(table, name) for table in tables]) for name in ('position', *_COLUMNS)}
    sigmas = None
    if any(table.keypoint_sigmas is not None for table in tables):
        sigmas = np.concatenate([known_sigmas(table) for table in tables])
    return replace(first, **columns, keypoint_sigmas=sigmas)


def known_sigmas(table: Table) -> np.ndarray:
    """``(R, K)`` float32 px, NaN where it is not known."""
    if table.keypoint_sigmas is not None:
        return table.keypoint_sigmas
    return np.full((len(table), table.skeleton.num_keypoints), np.nan, np.float32)
