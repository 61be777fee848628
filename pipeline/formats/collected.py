"""Exporters of formats that state lengths, names and tracks first, so that nothing can be written before the end.

They keep the poses of a video in memory: 12 bytes a joint, 7 MB for 18,000 frames of two people with 17 joints.
"""

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Dict, Iterable, Iterator, List, Sequence, Tuple

import numpy as np

from pipeline.files import check_writable
from pipeline.formats.exporter import Exporter
from pipeline.types import People


@dataclass(frozen=True)
class Track:
    """One person.

    Attributes:
        id: from 1 up.
        positions: ``(S,)`` int64, the frames in which the person is, as positions in :attr:`Collected.indices`.
        keypoints: ``(S, K, 2)`` float32 px, NaN where a joint has no score.
        scores: ``(S, K)`` float32 in 0..1.
        person_scores: ``(S,)`` float32 in 0..1.
    """

    id: int
    positions: np.ndarray
    keypoints: np.ndarray
    scores: np.ndarray
    person_scores: np.ndarray

    def dense(self, count: int) -> Tuple[np.ndarray, np.ndarray]:
        """``(T, K, 2)`` px and ``(T, K)`` scores of ``count`` frames, NaN and 0 where the person is not."""
        keypoints = np.full((count, *self.keypoints.shape[1:]), np.nan, np.float32)
        scores = np.zeros((count, self.scores.shape[1]), np.float32)
        keypoints[self.positions], scores[self.positions] = self.keypoints, self.scores
        return keypoints, scores


@dataclass(frozen=True)
class Collected:
    """The people of a whole video.

    Attributes:
        indices: ``(T,)`` int64 positions of the frames in the source.
        times: ``(T,)`` float64 seconds.
        tracks: in the order of their ids.
    """

    indices: np.ndarray
    times: np.ndarray
    tracks: List[Track]

    @classmethod
    def of(cls, frames: Sequence[Tuple[int, float]], tracks: Iterable[Tuple[Any, ...]]) -> 'Collected':
        """From what was kept frame by frame.

        Args:
            frames: position in the source and seconds of each frame.
            tracks: of each person the id, ``positions`` ``(S,)``, keypoints ``(S, K, 2)``, their scores ``(S, K)`` and
                the person's ``(S,)``.
        """
        indices, times = zip(*frames) if frames else ((), ())
        found = []
        for track_id, positions, points, scores, person in tracks:
            points = np.where((scores > 0)[..., None], points, np.nan).astype(np.float32)
            found.append(Track(track_id, positions.astype(np.int64), points, scores.astype(np.float32), person))
        return cls(np.array(indices, np.int64), np.array(times, np.float64), found)

    def per_frame(self) -> List[List[Tuple[Track, int]]]:
        """For each frame who is in it: tracks, each with the row that is of this frame."""
        frames: List[List[Tuple[Track, int]]] = [[] for _ in self.indices]
        for track in self.tracks:
            for row, position in enumerate(track.positions.tolist()):
                frames[position].append((track, row))
        return frames


def stacked(rows: Dict[int, List[tuple]]) -> Iterator[Tuple[Any, ...]]:
    """Of each id, ascending: the id, and the columns of its rows as arrays. ``rows`` is emptied, which saves memory."""
    for track_id in sorted(rows):
        yield (track_id, *map(np.array, zip(*rows.pop(track_id))))


class TrackExporter(Exporter):
    """Keeps what :meth:`_kept` says of each person, by id, until the end. People without an id are left out."""

    #: whether the run's record goes into a file beside it, since the format has no place for it
    record_beside: ClassVar[bool] = True
    #: whether there is a file for each person; one that cannot be written is refused as soon as the person appears
    one_a_person: ClassVar[bool] = False

    def _open(self) -> None:
        self._frames: List[Tuple[int, float]] = []
        self._rows: Dict[int, List[tuple]] = {}
        if self.record_beside:
            self._record_run()

    def _write(self, frame_index: int, time: float, people: People) -> None:
        position = len(self._frames)
        self._frames.append((frame_index, time))
        for i, track_id in enumerate(people.track_ids.tolist()):
            if track_id >= 1 and (kept := self._kept(people, i)):
                if self.one_a_person and track_id not in self._rows:
                    check_writable(self.person_path(track_id), self.force)
                self._rows.setdefault(track_id, []).append((position, *kept))

    @abstractmethod
    def _kept(self, people: People, i: int) -> Tuple[Any, ...]:
        """Arrays or numbers of person ``i`` in a frame; none to leave the frame out."""

    def _tracks(self) -> Iterator[Tuple[Any, ...]]:
        """Of each person, in the order of their ids: id, positions of the frames, and what was kept, stacked."""
        yield from stacked(self._rows)

    def _new_file(self, path: Path) -> str:
        """An empty file that a library writes into; it will be named ``path``."""
        return str(self._outputs.add(path, brief=True))


class CollectedExporter(TrackExporter):
    """Writes one file at the end, or several (:meth:`_save`), of people in the picture."""

    def _kept(self, people: People, i: int) -> Tuple[Any, ...]:
        return people.keypoints[i], people.keypoint_scores[i], people.bbox_scores[i]

    def _finish(self) -> None:
        self._save(Collected.of(self._frames, self._tracks()))

    def _save(self, poses: Collected) -> None:
        """Write the file, or several, whose names come from :meth:`_new_file`."""
        raise NotImplementedError
