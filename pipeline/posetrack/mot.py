"""CLEAR-MOT per joint (Bernardin and Stiefelhagen, 2008), as py-motmetrics computes it inside poseval.

Legend: ``J`` joints; ``O`` objects (annotated people) and ``H`` hypotheses
(predicted people), of a frame in the arguments, of a sequence in the maps.
"""

from dataclasses import dataclass
from typing import List, Sequence, Tuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from pipeline.errors import InputError
from pipeline.posetrack.assignment import FrameMatch
from pipeline.posetrack.sequence import JOINTS, NO_TRACK


@dataclass
class MotCounts:
    """Events per joint, each ``(J,)``.

    Attributes:
        objects, detections, misses, false_positives: as the names say; objects are
            detections or misses.
        switches: detections by another hypothesis than the object's last.
        fragments: detections of an object that had been found and then missed.
        distance: sum over the detections, in head sizes.
    """

    objects: np.ndarray
    detections: np.ndarray
    misses: np.ndarray
    false_positives: np.ndarray
    switches: np.ndarray
    fragments: np.ndarray
    distance: np.ndarray

    @classmethod
    def zeros(cls, joints: int = len(JOINTS)) -> 'MotCounts':
        return cls(*np.zeros((6, joints), int), np.zeros(joints))

    def __add__(self, other: 'MotCounts') -> 'MotCounts':
        return MotCounts(*(a + b for a, b in zip(vars(self).values(), vars(other).values())))

    def mota(self) -> np.ndarray:
        """Multiple object tracking accuracy in percent; may be negative. NaN without objects."""
        return 100 * (1 - _ratio(self.misses + self.switches + self.false_positives, self.objects))

    def motp(self) -> np.ndarray:
        """Precision of position in percent: 100 less the mean distance of detections in head sizes."""
        return 100 * (1 - _ratio(self.distance, self.detections))

    def precision(self) -> np.ndarray:
        """Percent of tracked joints that are right."""
        return 100 * _ratio(self.detections, self.detections + self.false_positives)

    def recall(self) -> np.ndarray:
        """Percent of annotated joints that are tracked."""
        return 100 * _ratio(self.detections, self.objects)


def count_sequence(matches: Sequence[FrameMatch], where: str = '', as_poseval: bool = True) -> MotCounts:
    """Events of one sequence.

    poseval has two habits: the last frame is left out, and a frame without
    predictions or without truth counts as one miss and one false positive of one
    object, per joint. One exception, so that the truth scores 100 against itself: a
    frame where ignore regions leave nothing on either side of equal files counts
    nothing.

    Args:
        matches: frames in order.
        where: what to name in errors.
        as_poseval: with these habits; without, every frame counts as it is.

    Raises:
        InputError: if a person has no track id.
    """
    accumulator = Accumulator()
    for match in matches[:-1] if as_poseval else matches:
        if not len(match.truth) and not len(match.prediction) and match.copied:
            continue
        if as_poseval and not (len(match.truth) and len(match.prediction)):
            accumulator.count_unmatchable()
            continue
        for frame in (match.truth, match.prediction):
            if (frame.track_ids == NO_TRACK).any():
                raise InputError(f'{where}: a person of image {frame.image} has no track id; scores of tracks need one')
        accumulator.update(
            match.truth.track_ids,
            match.prediction.track_ids,
            match.truth.present.T,
            match.prediction.present.T,
            match.distance.transpose(2, 1, 0),
        )
    return accumulator.counts


class Accumulator:
    """CLEAR-MOT of ``J`` independent trackings that share their people, frame by frame."""

    def __init__(self, joints: int = len(JOINTS)):
        self.counts = MotCounts.zeros(joints)
        self._rows = {}  # object id -> column of _last
        self._last = np.zeros((joints, 0), np.int64)  # hypothesis an object was last matched to
        self._matched = np.zeros((joints, 0), bool)  # whether it ever was
        self._lost = np.zeros((joints, 0), bool)  # whether it has been missed since

    def count_unmatchable(self) -> None:
        """One object and one hypothesis that do not match, for every joint."""
        self.counts.objects += 1
        self.counts.misses += 1
        self.counts.false_positives += 1

    def update(
        self,
        objects: Sequence[int],
        hypotheses: Sequence[int],
        has_object: np.ndarray,
        has_hypothesis: np.ndarray,
        distance: np.ndarray,
    ) -> None:
        """Enter the next frame.

        Args:
            objects: ``O`` ids, each once.
            hypotheses: ``H`` ids, each once.
            has_object, has_hypothesis: ``(J, O)`` and ``(J, H)`` bool: who has the joint.
            distance: ``(J, O, H)``, NaN for pairs that must not match.
        """
        columns = self._columns(objects)
        hypotheses = np.asarray(hypotheses, np.int64)
        last, matched = self._last[:, columns], self._matched[:, columns]  # (J, O)
        valid = ~np.isnan(distance)

        # Step 1: keep correspondences that are still possible; of objects that want the same, the first
        pairs = valid & matched[..., None] & (last[..., None] == hypotheses)  # (J, O, H)
        pairs &= np.cumsum(pairs, axis=1) == 1

        # Step 2: the nearest of what is left
        free_objects = has_object & ~pairs.any(axis=2)
        free_hypotheses = has_hypothesis & ~pairs.any(axis=1)
        possible = valid & free_objects[..., None] & free_hypotheses[:, None]
        for joint in np.flatnonzero(possible.any(axis=(1, 2))):
            rows, cols = np.flatnonzero(free_objects[joint]), np.flatnonzero(free_hypotheses[joint])
            for row, col in _nearest(distance[joint][np.ix_(rows, cols)]):
                pairs[joint, rows[row], cols[col]] = True

        joint, row, col = np.nonzero(pairs)
        counts, joints = self.counts, len(has_object)
        switched = matched[joint, row] & (last[joint, row] != hypotheses[col])
        detections = np.bincount(joint, minlength=joints)
        counts.objects += has_object.sum(axis=1)
        counts.detections += detections
        counts.misses += has_object.sum(axis=1) - detections
        counts.false_positives += has_hypothesis.sum(axis=1) - detections
        counts.switches += np.bincount(joint, weights=switched, minlength=joints).astype(int)
        recovered = self._lost[joint, columns[row]]
        counts.fragments += np.bincount(joint, weights=recovered, minlength=joints).astype(int)
        counts.distance += np.bincount(joint, weights=distance[joint, row, col], minlength=joints)
        self._last[joint, columns[row]] = hypotheses[col]
        self._matched[joint, columns[row]] = True
        missed = has_object & ~pairs.any(axis=2) & self._matched[:, columns]
        self._lost[:, columns] = np.where(has_object, missed, self._lost[:, columns])

    def _columns(self, objects: Sequence[int]) -> np.ndarray:
        for identity in objects:
            self._rows.setdefault(int(identity), len(self._rows))
        grown = len(self._rows) - self._last.shape[1]
        self._last = np.pad(self._last, ((0, 0), (0, grown)))
        self._matched = np.pad(self._matched, ((0, 0), (0, grown)))
        self._lost = np.pad(self._lost, ((0, 0), (0, grown)))
        return np.array([self._rows[int(identity)] for identity in objects], int)


def _nearest(distance: np.ndarray) -> List[Tuple[int, int]]:
    """Optimal pairs of rows and columns of ``(O, H)``; NaN cells cannot match.

    Impossible pairs cost twice the greatest distance and one, as in py-motmetrics;
    another constant can lead to other pairs.
    """
    possible = ~np.isnan(distance)
    rows, cols = linear_sum_assignment(np.where(possible, distance, 2 * distance[possible].max() + 1))
    return [(row, col) for row, col in zip(rows, cols) if possible[row, col]]


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=np.asarray(whole) > 0)
