"""The lifter as a stage of the chain: frames with 2D go in, the same frames with 3D come out later."""

import logging
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Any, Deque, Dict, Iterator, List, Optional

import numpy as np

from pipeline.lift.camera import PinholeCamera
from pipeline.lift.lifting import Lifting
from pipeline.lift.refining import SpaceRefiner
from pipeline.lift.stillness import Stillness
from pipeline.lift.track import LiftedTrack, window_frames
from pipeline.types import FrameResult

logger = logging.getLogger(__name__)

_MOVES = (
    'the background moves: places in the room, feet on the ground and the floor are as if the camera stood still, '
    'and wrong by its motion; poses relative to the hips are not touched by it'
)


@dataclass
class _Row:
    """A person of one waiting frame; ``pose`` is ``(17, 3)`` m once it is known."""

    pose: Optional[np.ndarray] = None


@dataclass
class _Waiting:
    result: FrameResult
    rows: List[Optional[_Row]] = field(default_factory=list)  # None for those without an id


@dataclass
class _Open:
    track: LiftedTrack
    unanswered: Deque[_Row] = field(default_factory=deque)

    def answer(self, poses: List[np.ndarray]) -> None:
        for pose in poses:
            self.unanswered.popleft().pose = pose


class StreamLifter:
    """Lifts every track of a stream whose gaps have been filled. A track ends with the first frame without it.

    Args:
        lifter: a :class:`pipeline.networks.lifters.temporal_lifter.TemporalLifter` of COCO's joints.
        columns: the lifter's keypoints, and so its joints, among those of the people, ``(17,)``.
        fps: frames per second.
        focal: length in px; 0 for the usual field of view.
        height: of people, m.
        stillness: notes whether the camera moves; None does not look.
        refiner: of lifted poses; None for none.
    """

    def __init__(
        self,
        lifter: Any,
        columns: np.ndarray,
        fps: float,
        focal: float,
        height: float,
        stillness: Optional[Stillness] = None,
        refiner: Optional[SpaceRefiner] = None,
    ):
        self._lifter, self._columns, self._fps, self._refiner = lifter, columns, fps, refiner
        self._focal, self._height, self._stillness = focal, height, stillness
        self._tracks: Dict[int, _Open] = {}
        self._waiting: Deque[_Waiting] = deque()

    def stream(self, results: Iterator[FrameResult]) -> Iterator[FrameResult]:
        """Every frame once, in order, ``latency(fps, refiner)`` frames late at most."""
        for result in results:
            yield from self.push(result)
        yield from self.flush()
        if self._stillness is not None and self._stillness.camera_moves:
            logger.warning(_MOVES)

    def push(self, result: FrameResult) -> List[FrameResult]:
        """Add the next frame; returns the frames that are final now."""
        people, waiting = result.people, _Waiting(result)
        if self._stillness is not None:
            self._stillness.look(result.frame, people.bboxes)
        ids = people.track_ids.tolist()
        for track_id in [i for i in self._tracks if i not in ids]:
            self._close(track_id)
        for p, track_id in enumerate(ids):
            if track_id < 1:
                waiting.rows.append(None)
                continue
            if track_id not in self._tracks:
                frame = result.frame
                camera = PinholeCamera.of_picture(frame.width, frame.height, self._focal)
                lifting = Lifting(self._lifter, camera, self._height, refiner=self._refiner)
                self._tracks[track_id] = _Open(LiftedTrack(lifting, self._fps))
            row, opened = _Row(), self._tracks[track_id]
            waiting.rows.append(row)
            opened.unanswered.append(row)
            keypoints, scores = people.keypoints[p, self._columns], people.keypoint_scores[p, self._columns]
            opened.answer(opened.track.push(keypoints, scores, result.frame.time))
        self._waiting.append(waiting)
        return self._take_final()

    def flush(self) -> List[FrameResult]:
        """End of the stream: returns all frames that are left."""
        for track_id in list(self._tracks):
            self._close(track_id)
        return self._take_final()

    def _close(self, track_id: int) -> None:
        opened = self._tracks.pop(track_id)
        opened.answer(opened.track.close())

    def _take_final(self) -> List[FrameResult]:
        final = []
        while self._waiting and all(row is None or row.pose is not None for row in self._waiting[0].rows):
            waiting = self._waiting.popleft()
            people = waiting.result.people
            lifted = np.full((*people.keypoints.shape[:2], 3), np.nan, np.float32)
            for p, row in enumerate(waiting.rows):
                if row is not None:
                    lifted[p, self._columns] = row.pose
            final.append(replace(waiting.result, people=replace(people, keypoints_3d=lifted)))
        return final


def latency(fps: float, refiner: Optional[SpaceRefiner] = None) -> int:
    """Frames that a :class:`StreamLifter` holds back at most."""
    return window_frames(fps, refiner) - 1
