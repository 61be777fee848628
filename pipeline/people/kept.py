"""The people of a clip's frames, kept without the pictures until the clip is over."""

from dataclasses import dataclass, replace
from typing import Dict, Iterator, List, Tuple

import numpy as np

from pipeline.types import Frame, FrameResult, People

# a shared picture of no pixels: whoever reads kept poses looks at times and people only
_NO_PICTURE = np.zeros((0, 0, 3), np.uint8)


@dataclass(frozen=True)
class KeptTrack:
    """One person over the clip; ``F`` frames in which the id is there.

    Attributes:
        track_id: from 1 up.
        frames: ``(F,)`` int64, positions among the kept frames, ascending.
        bboxes: ``(F, 4)`` float32, x1 y1 x2 y2 in px.
    """

    track_id: int
    frames: np.ndarray
    bboxes: np.ndarray


class KeptPoses:
    """Frames' people, in order; some 1.4 kB a frame and 0.4 kB a person of 17 joints in it.

    Args:
        width, height: of the pictures, px.
    """

    def __init__(self, width: int, height: int):
        self.size = width, height
        self._frames: List[Tuple[int, float, People]] = []

    def __len__(self) -> int:
        return len(self._frames)

    def __iter__(self) -> Iterator[FrameResult]:
        """The frames again, with indices, times and people, and without pictures."""
        for index, time, people in self._frames:
            yield FrameResult(Frame(index, time, _NO_PICTURE), people)

    def add(self, result: FrameResult) -> None:
        """Keep the next frame's people; its picture is let go."""
        self._frames.append((result.frame.index, result.frame.time, replace(result.people, looks=None)))

    @property
    def indices(self) -> np.ndarray:
        """``(T,)`` int64, each frame's index in its source."""
        return np.array([index for index, _, _ in self._frames], np.int64)

    @property
    def times(self) -> np.ndarray:
        """``(T,)`` seconds since the source's first frame."""
        return np.array([time for _, time, _ in self._frames], np.float64)

    def people_at(self, position: int) -> People:
        """Everybody in the kept frame ``position``."""
        return self._frames[position][2]

    def tracks(self) -> List[KeptTrack]:
        """Everybody who has an id, by id."""
        rows: Dict[int, List[Tuple[int, np.ndarray]]] = {}
        for position, (_, _, people) in enumerate(self._frames):
            for track_id, box in zip(people.track_ids.tolist(), people.bboxes):
                if track_id > 0:
                    rows.setdefault(track_id, []).append((position, box))
        return [
            KeptTrack(track_id, np.array([at for at, _ in found], np.int64), np.stack([box for _, box in found]))
            for track_id, found in sorted(rows.items())
        ]
