"""Average precision per joint over all frames: PoseTrack's score of poses without tracks."""

from dataclasses import dataclass
from typing import Sequence

import numpy as np

from pipeline.posetrack.assignment import FrameMatch
from pipeline.posetrack.sequence import JOINTS


@dataclass(frozen=True)
class PrecisionScores:
    """Per joint, each ``(J,)``; AP, precision and recall in percent, NaN for joints that are not annotated.

    Attributes:
        ap: area under the monotone precision envelope.
        precision, recall: at the lowest score, that is with all predictions.
        annotated, predicted, found: numbers of joints.
    """

    ap: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    annotated: np.ndarray
    predicted: np.ndarray
    found: np.ndarray


def average_precision(matches: Sequence[FrameMatch]) -> PrecisionScores:
    """AP, precision and recall of all frames together.

    A joint that is annotated but never predicted scores 0.
    """
    joints = len(JOINTS)
    annotated = sum((m.truth.present.sum(axis=0) for m in matches), np.zeros(joints, int))
    present = np.concatenate([m.prediction.present for m in matches] or [np.zeros((0, joints), bool)])
    scores = np.concatenate([m.prediction.scores for m in matches] or [np.zeros((0, joints))])
    found = np.concatenate([m.is_true() for m in matches] or [np.zeros((0, joints), bool)])
    table = np.array([_joint(scores[present[:, j], j], found[present[:, j], j], annotated[j]) for j in range(joints)]).T
    return PrecisionScores(*table, annotated, present.sum(axis=0), found.sum(axis=0))


def _joint(scores: np.ndarray, found: np.ndarray, annotated: int):
    if annotated == 0:
        return np.nan, np.nan, np.nan
    if not len(scores):
        return 0.0, 0.0, 0.0
    order = np.argsort(scores, kind='stable')[::-1]
    hits = np.cumsum(found[order])
    recall, precision = hits / annotated, hits / np.arange(1, len(hits) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    ap = np.sum(np.diff(recall, prepend=0.0) * envelope)
    return 100 * ap, 100 * precision[-1], 100 * recall[-1]
