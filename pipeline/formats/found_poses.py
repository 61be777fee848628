"""What a file of poses says, whoever wrote it, in the terms of this package."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from pipeline.errors import InputError
from pipeline.formats.joint_names import joint_names, skeleton_of
from pipeline.skeletons import Skeleton
from pipeline.types import People

Size = Tuple[int, int]  # width and height in px

# beyond, a frame's number is a mistake: 48 days at 240 frames a second
_MOST_FRAMES = 1_000_000_000
#: px; nobody is seen farther from a picture, and float32 tells a tenth of a pixel there
FARTHEST = 1e6


@dataclass(frozen=True)
class Given:
    """What is known beside the file: of the video, or by options.

    Attributes:
        size: of the picture.
        fps: frames per second.
    """

    size: Optional[Size] = None
    fps: Optional[Fraction] = None


@dataclass(frozen=True)
class FoundPoses:
    """The content of a file of poses.

    Attributes:
        path: of the file, for messages.
        layout: its name, such as ``OpenPose``.
        skeleton: of the people; joints that we know have our names.
        people: by frame, counted from 0; ``filled`` are those who were not seen. Joints that were not found have
            score 0, and lie in the middle of the others where the file does not say where they may be.
        times: seconds by frame, where the file says.
        fps, size: of the video, where the file says.
    """

    path: str
    layout: str
    skeleton: Skeleton
    people: Dict[int, People]
    times: Dict[int, float] = field(default_factory=dict)
    fps: Optional[Fraction] = None
    size: Optional[Size] = None

    @property
    def tracked(self) -> bool:
        """Whether everybody has an id, and nobody's is twice in a frame."""
        return not self.untracked

    @property
    def untracked(self) -> str:
        """Why ids cannot be taken from the file; empty where they can."""
        known = {index: people.track_ids for index, people in self.people.items() if len(people)}
        if not any((ids > 0).any() for ids in known.values()):
            return 'no ids in the file'
        for index, ids in known.items():
            if (ids <= 0).any():
                return f'somebody has no id in frame {index}'
            if len(set(ids.tolist())) < len(ids):
                return f'an id is twice in frame {index}'
        return ''

    @property
    def num_frames(self) -> int:
        """Frames up to the last one that is in the file."""
        return max(self.people, default=-1) + 1


class Gatherer:
    """Collects people as a reader comes upon them, and makes :class:`FoundPoses` of them.

    Args:
        path: of the file.
        layout: its name.
        names: of the joints, as the file has them.
        given: what is known beside the file.
        shares: coordinates are shares of the picture's width and height, from its upper left corner.

    Raises:
        InputError: for shares of a picture whose size is not known.
    """

    def __init__(self, path: Any, layout: str, names: Sequence[str], given: Given, shares: bool = False):
        self._path, self._layout, self._given, self.names = str(path), layout, given, joint_names(names)
        self._rows: Dict[int, List[tuple]] = {}
        self.times: Dict[int, float] = {}
        self._scale, self._origin = None, 0.0
        if shares:
            if given.size is None:
                raise InputError(
                    f'{path}: coordinates are shares of the picture: give --size WIDTHxHEIGHT, or the video by --video'
                )
            self._scale, self._origin = np.array(given.size, np.float64), -0.5

    def frame(self, index: int, time: Optional[float] = None) -> None:
        """There is such a frame, whoever may be in it."""
        index = int(index)
        if not 0 <= index < _MOST_FRAMES:
            raise InputError(f'{self._path}: frame {index}: must be in 0..{_MOST_FRAMES - 1}')
        self._rows.setdefault(index, [])
        if time is not None and np.isfinite(time):
            self.times[index] = float(time)

    def person(
        self,
        index: int,
        keypoints: Any,
        scores: Any = None,
        box: Any = None,
        box_score: Optional[float] = None,
        track_id: int = -1,
        time: Optional[float] = None,
        filled: bool = False,
    ) -> None:
        """Somebody in a frame.

        Args:
            keypoints: ``(K, 2)``; not finite where a joint was not found.
            scores: ``(K,)``; 1 where a joint is if None, 0 means not found.
            box: x1, y1, x2, y2; around the joints if None, or if it holds nothing.
            box_score: mean score of the joints if None.
            track_id: from 0 up; -1 for none.
            filled: the file says that the person was not seen, but bridged.

        Raises:
            InputError: for another number of joints, or one that is in no picture.
        """
        points: np.ndarray = np.array(keypoints, np.float64).reshape(-1, 2)
        if len(points) != len(self.names):
            raise InputError(
                f'{self._path}: frame {index}: {len(points)} joints, where there should be {len(self.names)}'
            )
        self.frame(index, time)
        found = np.isfinite(points).all(axis=1)
        sure = found.astype(np.float64) if scores is None else np.array(scores, np.float64).reshape(len(points))
        sure = np.where(found, np.clip(np.nan_to_num(sure), 0, 1), 0)
        found &= sure > 0
        if not found.any():
            return
        if self._scale is not None:
            points = points * self._scale - 0.5
            box = None if box is None else np.array(box, np.float64) * np.tile(self._scale, 2) - 0.5
        far = np.flatnonzero(found & (np.abs(points) > FARTHEST).any(axis=1))
        if len(far):
            x, y = points[far[0]]
            raise InputError(
                f'{self._path}: frame {index}: {self.names[far[0]]} is at {x:g}, {y:g}: must be within {FARTHEST:g} px'
            )
        seen = points[found]
        nowhere = ~(np.abs(points) <= FARTHEST).all(axis=1) | ~found & (points == self._origin).all(axis=1)
        points = np.where(nowhere[:, None], seen.mean(axis=0), points)
        corners = np.full(4, np.nan) if box is None else np.array(box, np.float64)
        if not (np.abs(corners) <= FARTHEST).all() or not (corners[:2] < corners[2:]).all():
            corners = np.concatenate([seen.min(axis=0), seen.max(axis=0)])
        certain = sure[found].mean() if box_score is None or not np.isfinite(box_score) else box_score
        self._rows[int(index)].append((corners, np.clip(certain, 0, 1), points, sure, int(track_id), filled))

    def poses(self, fps: Optional[Fraction] = None, size: Optional[Size] = None) -> FoundPoses:
        """All of them.

        Raises:
            InputError: if nobody is in the file, or a frame's time is before that of the frame before it.
        """
        rows = [row for frame in self._rows.values() for row in frame]
        if not rows:
            raise InputError(f'{self._path}: {self._layout} without anybody in it')
        # ids that count from 0 become ours, which count from 1
        shift = 1 if any(row[4] == 0 for row in rows) else 0
        people = {index: self._people(frame, shift) for index, frame in sorted(self._rows.items())}
        skeleton = skeleton_of(self.names, self._layout)
        return FoundPoses(self._path, self._layout, skeleton, people, self._checked_times(), fps, size)

    def _checked_times(self) -> Dict[int, float]:
        """The frames' times; none if all are the same, or if they run back and the rate is given beside the file."""
        if len(set(self.times.values())) == 1 < len(self.times):
            return {}
        known = sorted(self.times)
        for before, after in zip(known, known[1:]):
            if self.times[after] < self.times[before]:
                if self._given.fps is not None:
                    return {}
                raise InputError(
                    f'{self._path}: frame {after} is at {self.times[after]:g} s, before frame {before} '
                    f'({self.times[before]:g} s); with --fps RATE times are passed over'
                )
        return self.times

    def _people(self, rows: List[tuple], shift: int) -> People:
        if not rows:
            return People.empty(len(self.names))
        boxes, certain, points, sure, ids, filled = map(np.array, zip(*rows))
        return People(
            boxes.astype(np.float32),
            certain.astype(np.float32),
            points.astype(np.float32),
            sure.astype(np.float32),
            np.where(ids >= 0, ids + shift, -1).astype(np.int64),
            filled=filled.astype(bool),
        )
