"""The refiner as a stage of the chain: frames go in, refined frames come out in order, a little later."""

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Deque, Dict, Iterator, List, Optional

import numpy as np

from pipeline.protocols import Smoother, TrackSmoother
from pipeline.types import FrameResult, People

# Share of its score that the smoother is told of a joint interpolated between two analysed frames. Of 0, 0.5
# and 1 it left the least error and jerk on Human3.6M at every fifth and tenth frame (docs/performance.md). Where
# a person was missed it is told 0: the smoother must not take interpolated joints for seen ones.
UNWATCHED = 0.5
#: seconds that are bridged, of those who are missing and of those whom the tracker still expects
MAX_GAP, MAX_HIDDEN = 0.3, 0.8


@dataclass
class _Row:
    """One person in one waiting frame."""

    bbox: np.ndarray
    bbox_score: float
    keypoints: np.ndarray
    scores: np.ndarray
    track_id: int
    filled: bool = False
    carried: bool = False
    refined: Optional[np.ndarray] = None  # ``(K, D)`` px, once the smoother has answered, or ``(K, D + 1)`` with sigmas


@dataclass
class _Waiting:
    """A frame whose people are not all refined yet."""

    result: FrameResult
    rows: List[_Row] = field(default_factory=list)


@dataclass
class _Track:
    smoother: TrackSmoother
    position: int  # of its newest frame, counted from the first frame pushed
    time: float
    row: _Row
    unanswered: Deque[_Row] = field(default_factory=deque)  # rows, oldest first

    def push(self, row: _Row, scores: np.ndarray, time: float) -> None:
        self.unanswered.append(row)
        self._answer(self.smoother.push(row.keypoints, scores, time))

    def close(self) -> None:
        self._answer(self.smoother.close())

    def _answer(self, poses: List[np.ndarray]) -> None:
        for pose in poses:
            self.unanswered.popleft().refined = pose


class StreamRefiner:
    """Refines every track of a stream and bridges short gaps in it.

    A frame is given back once all its people are final: at most ``smoother.lookahead`` frames (fewer where it knows
    for which rate) plus the longest gap late (:meth:`latency`). Waiting frames keep their images, so this also bounds
    the memory.

    People who come marked as filled were not seen: a tracker says where it expects them. That is no estimate, so
    they are waited for, and left out if they do not come back.

    Args:
        smoother: what refines a track.
        max_gap: a person missing for up to this many seconds is filled in and
            marked (``People.filled``); after a longer absence the track starts anew.
            Nobody is missing from a frame that is not analysed: it is filled in as well.
        max_hidden: the same for a person whom the tracker still expects somewhere; at least ``max_gap``.

    Attributes:
        record: what of the smoother belongs into a run's record.
    """

    def __init__(self, smoother: Smoother, max_gap: float = MAX_GAP, max_hidden: float = MAX_HIDDEN):
        self.smoother, self.max_gap, self.max_hidden = smoother, max_gap, max(max_gap, max_hidden)
        self.record: dict = {}
        self._watched = self._previous = 0.0  # times of the last watched frame, and of the last one
        self._reset()

    def anew(self, smoother: Optional[Smoother] = None) -> 'StreamRefiner':
        """A refiner like this one that has seen nothing yet; with ``smoother``, if given, in place of its own."""
        fresh = StreamRefiner(smoother or self.smoother, self.max_gap, self.max_hidden)
        fresh.record = self.record
        return fresh

    def latency(self, fps: float, every: int = 1) -> int:
        """Maximum delay of a result in frames, at ``fps`` frames per second of which every n-th is analysed."""
        at_rate = getattr(self.smoother, 'lookahead_at', None)
        lookahead = at_rate(fps) if at_rate else self.smoother.lookahead
        return lookahead + int(np.ceil(self.max_hidden * fps)) + 1 + 2 * (every - 1)

    def stream(self, results: Iterator[FrameResult]) -> Iterator[FrameResult]:
        """Refine an iterator of frames; yields each of them once, in order."""
        for result in results:
            yield from self.push(result)
        yield from self.flush()

    def push(self, result: FrameResult) -> List[FrameResult]:
        """Add the next frame; returns the frames that are final now."""
        waiting, time = _Waiting(result), result.frame.time
        position = self._given + len(self._waiting)
        self._waiting.append(waiting)
        expected = set()
        for row in _rows(result.people):
            if row.filled:
                expected.add(row.track_id)
                continue
            waiting.rows.append(row)
            if row.track_id < 0:
                row.refined = row.keypoints
            else:
                self._extend(row, position, time)
        if result.frame.watched:
            # who was seen in the last analysed frame is missing from now on, not since then
            since = self._previous - self._watched
            missing = [(i, time - track.time - since) for i, track in self._tracks.items() if track.position < position]
            for track_id, gap in missing:
                if gap >= (self.max_hidden if track_id in expected else self.max_gap):
                    self._tracks.pop(track_id).close()
            self._watched = time
        self._previous = time
        return self._take_final()

    def flush(self) -> List[FrameResult]:
        """End of the stream: returns all frames that are left."""
        for track in self._tracks.values():
            track.close()
        self._tracks.clear()
        final = self._take_final()
        self._reset()
        return final

    def _reset(self) -> None:
        self._tracks: Dict[int, _Track] = {}
        self._waiting: Deque[_Waiting] = deque()
        self._given = 0  # frames given back so far
        self._watched = self._previous = 0.0

    def _open(self, position: int) -> TrackSmoother:
        """A smoother for a track that begins here; a network may want to know how large the picture is."""
        frame = self._waiting[position - self._given].result.frame
        in_picture = getattr(self.smoother, 'in_picture', None)
        return (in_picture(frame.width, frame.height) if in_picture else self.smoother).open()

    def _extend(self, row: _Row, position: int, time: float) -> None:
        track = self._tracks.get(row.track_id)
        if track is None:
            track = self._tracks[row.track_id] = _Track(self._open(position), position, time, row)
        gap = [self._waiting[between - self._given] for between in range(track.position + 1, position)]
        missed = any(waiting.result.frame.watched for waiting in gap)  # looked for, and not found
        for waiting in gap:
            between = waiting.result.frame.time
            bridge = _between(track.row, row, (between - track.time) / (time - track.time), 0.5 if missed else 1.0)
            waiting.rows.append(bridge)
            track.push(bridge, (0.0 if missed else UNWATCHED) * bridge.scores, between)
        track.push(row, row.scores, time)
        track.position, track.time, track.row = position, time, row

    def _take_final(self) -> List[FrameResult]:
        # a track that is missing right now may yet come back and be filled in
        undecided = min((t.position + 1 for t in self._tracks.values()), default=np.inf)
        final = []
        while (
            self._waiting and self._given < undecided and all(row.refined is not None for row in self._waiting[0].rows)
        ):
            waiting = self._waiting.popleft()
            self._given += 1
            final.append(replace(waiting.result, people=_people(waiting)))
        return final


def _rows(people: People) -> List[_Row]:
    return [
        _Row(
            people.bboxes[i],
            float(people.bbox_scores[i]),
            people.keypoints[i],
            people.keypoint_scores[i],
            int(people.track_ids[i]),
            bool(people.filled[i]),
            bool(people.carried[i]),
        )
        for i in range(len(people))
    ]


def _between(before: _Row, after: _Row, share: float, confidence: float) -> _Row:
    def mix(a, b):
        return ((1 - share) * a + share * b).astype(np.float32)

    return _Row(
        mix(before.bbox, after.bbox),
        confidence * min(before.bbox_score, after.bbox_score),
        mix(before.keypoints, after.keypoints),
        confidence * mix(before.scores, after.scores),
        after.track_id,
        filled=True,
    )


def _people(waiting: _Waiting) -> People:
    rows = sorted(waiting.rows, key=lambda row: row.track_id)
    if not rows:
        return waiting.result.people[:0]
    dims = rows[0].keypoints.shape[-1]
    answers = [row.keypoints if row.refined is None else row.refined for row in rows]  # all are final by now
    return People(
        bboxes=np.stack([row.bbox for row in rows]).astype(np.float32),
        bbox_scores=np.array([row.bbox_score for row in rows], np.float32),
        keypoints=np.array([answer[:, :dims] for answer in answers], np.float32),
        keypoint_scores=np.stack([row.scores for row in rows]).astype(np.float32),
        track_ids=np.array([row.track_id for row in rows], np.int64),
        keypoints_raw=np.stack([row.keypoints for row in rows]).astype(np.float32),
        filled=np.array([row.filled for row in rows]),
        carried=np.array([row.carried for row in rows]),
        keypoint_sigmas=_sigmas(answers, dims),
    )


def _sigmas(answers: List[np.ndarray], dims: int) -> Optional[np.ndarray]:
    """``(P, K)`` float32 px, NaN for people whose smoother says nothing; None where it says nothing of anybody."""
    unknown = np.full(len(answers[0]), np.nan, np.float32)
    found = [answer[:, dims] if answer.shape[-1] > dims else unknown for answer in answers]
    return None if all(sigmas is unknown for sigmas in found) else np.stack(found).astype(np.float32)
