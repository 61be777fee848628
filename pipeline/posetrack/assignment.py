"""Assign predicted people to annotated ones, frame by frame, as poseval does.

Legend: ``G`` annotated and ``P`` predicted people of a frame, ``J`` joints.
"""

from dataclasses import dataclass
from typing import List, Tuple

import numpy as np
import shapely

from pipeline.errors import InputError
from pipeline.posetrack.sequence import PoseFrame, PoseSequence

# a joint is found if it is nearer than this part of the head size (PCKh at 0.5)
MATCH_DISTANCE = 0.5
# head size in units of the diagonal of the head's box (MPII's convention)
_HEAD_DIAGONAL = 0.6


@dataclass
class FrameMatch:
    """One frame, truth against predictions.

    Attributes:
        truth, prediction: the people that are scored (after the clean-up).
        distance: ``(P, G, J)`` in head sizes, NaN where a joint is absent or
            farther away than ``MATCH_DISTANCE``.
        owner: ``(P,)`` index of the annotated person, -1 for none.
        copied: whether the predictions are the annotations themselves.
    """

    truth: PoseFrame
    prediction: PoseFrame
    distance: np.ndarray
    owner: np.ndarray
    copied: bool = False

    def is_true(self) -> np.ndarray:
        """``(P, J)`` bool: the joint is where its owner has it."""
        found = np.zeros(self.distance.shape[::2], bool)
        owned = np.flatnonzero(self.owner >= 0)
        found[owned] = ~np.isnan(self.distance[owned, self.owner[owned]])
        return found


def match_sequence(truth: PoseSequence, prediction: PoseSequence) -> List[FrameMatch]:
    """Clean up and assign all frames of a pair from :func:`folders.pair_frames`.

    Raises:
        InputError: if an annotated person has joints but no head box.
    """
    matches = []
    for theirs, ours in zip(truth.frames, prediction.frames):
        match = match_frame(*_clean(theirs, ours), where=truth.path)
        match.copied = np.array_equal(theirs.points, ours.points, equal_nan=True)
        matches.append(match)
    return matches


def match_frame(truth: PoseFrame, prediction: PoseFrame, where: str = '') -> FrameMatch:
    """Distances and poseval's assignment.

    The similarity of a pair is the number of its joints that are found over the
    number that is annotated. Each prediction keeps only its best annotated person
    (the first of equals); of those who chose the same person, the best stays.
    """
    distance = head_distances(truth, prediction, where)
    distance = np.where(distance <= MATCH_DISTANCE, distance, np.nan)
    owner = np.full(len(prediction), -1)
    if len(truth) and len(prediction):
        similarity = (~np.isnan(distance)).sum(axis=2) / truth.present.sum(axis=1)
        favourite = similarity.argmax(axis=1)
        similarity[np.arange(truth.points.shape[0])[None] != favourite[:, None]] = 0
        best = similarity.argmax(axis=0)
        chosen = np.flatnonzero(similarity.max(axis=0) > 0)
        owner[best[chosen]] = chosen
    return FrameMatch(truth, prediction, distance, owner)


def head_distances(truth: PoseFrame, prediction: PoseFrame, where: str = '') -> np.ndarray:
    """Distances of joints in head sizes, ``(P, G, J)``, NaN where a joint is absent.

    Raises:
        InputError: if an annotated person has no head box.
    """
    sizes = _head_sizes(truth, where)
    offset = prediction.points[:, None] - truth.points[None]  # (P, G, J, 2)
    distance = np.sqrt(np.square(offset).sum(axis=3))
    # a head box without extent: only exact hits count
    return np.divide(distance, sizes[:, None], out=np.where(distance > 0, np.inf, distance), where=sizes[:, None] > 0)


def _clean(truth: PoseFrame, prediction: PoseFrame) -> Tuple[PoseFrame, PoseFrame]:
    """Without points strictly inside the truth's ignore regions, and without people who have no points."""
    return tuple(frame.without_joints(_ignored(frame, truth.ignore_regions)) for frame in (truth, prediction))


def _ignored(frame: PoseFrame, regions: List[np.ndarray]) -> np.ndarray:
    inside = np.zeros(frame.points.shape[:2], bool)
    for region in regions:
        if len(region) >= 3:
            inside |= shapely.contains_xy(shapely.Polygon(region), frame.points[..., 0], frame.points[..., 1])
    return inside


def _head_sizes(truth: PoseFrame, where: str) -> np.ndarray:
    if np.isnan(truth.head_boxes).any():
        person = int(np.isnan(truth.head_boxes).any(axis=1).argmax())
        raise InputError(
            f'{where}: person {person} of image {truth.image} has joints but no head box '
            '(x1 y1 x2 y2 or bbox_head); scoring needs it'
        )
    return _HEAD_DIAGONAL * np.hypot(
        truth.head_boxes[:, 2] - truth.head_boxes[:, 0], truth.head_boxes[:, 3] - truth.head_boxes[:, 1]
    )
