"""Associate tracks with people: similarity and optimal assignment."""

from typing import List, Sequence, Tuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from pipeline.geometry import areas, box_iou, pose_oks
from pipeline.tracking.looks import alike
from pipeline.tracking.track import Track
from pipeline.types import People

# how much similarity a track loses that has not been seen for long, and the seconds in which it loses it
_FADING, _FADING_TIME = 0.3, 1.0
# evidence from which on clothes count in full
_SURE = 0.4


def similarity_matrix(
    tracks: Sequence[Track], people: People, time: float, sigmas: np.ndarray, pose_weight: float
) -> np.ndarray:
    """How well each person continues each track: ``(N, P)`` in 0..1.

    The weighted mean of OKS and box IoU, both against the track's prediction for
    ``time`` (seconds). OKS allows for the prediction's own uncertainty, which
    grows while a track is unseen.
    """
    predictions = [track.predict(time) for track in tracks]
    poses, variances, boxes = (np.stack(parts) for parts in zip(*predictions))
    track_sizes = np.array([track.size for track in tracks])
    scale = np.sqrt(track_sizes[:, None] * np.sqrt(areas(people.bboxes))[None])
    weights = np.stack([track.weights for track in tracks])
    oks = pose_oks(poses, people.keypoints, weights, people.keypoint_scores, scale, sigmas, variances)
    return pose_weight * oks + (1 - pose_weight) * box_iou(boxes, people.bboxes)


def looks_gate(tracks: Sequence[Track], people: People, low: float, high: float) -> np.ndarray:
    """Factor for similarities by clothes: ``(N, P)`` in 0..1.

    0 for likeness up to ``low``, 1 from ``high`` on, as far as the evidence goes: of whom no
    clothes are known (or whose torso is hidden) nothing is held against.
    """
    gate = np.ones((len(tracks), len(people)))
    known = {row: track.looks for row, track in enumerate(tracks) if track.looks is not None}
    if people.looks is not None and known:
        likeness, evidence = alike(np.stack(list(known.values())), people.looks)
        against = 1 - np.clip((likeness - low) / (high - low), 0, 1)
        gate[list(known)] = 1 - against * np.clip(evidence / _SURE, 0, 1)
    return gate


def assign(similarity: np.ndarray, least: float, unseen: np.ndarray) -> List[Tuple[int, int]]:
    """Pairs of tracks and people with the greatest total similarity, each at least ``least``.

    A track that has not been seen is less sure of where its person is, so between
    two that are as similar the one just seen is preferred.

    Args:
        similarity: ``(N, P)`` in 0..1.
        least: allowed similarity.
        unseen: ``(N,)`` seconds since each track was seen.
    """
    allowed = similarity >= max(least, np.finfo(np.float32).tiny)
    preference = similarity * (1 + _FADING * np.expm1(-unseen / _FADING_TIME))[:, None]
    rows, columns = linear_sum_assignment(np.where(allowed, preference, 0.0), maximize=True)
    return [(row, column) for row, column in zip(rows, columns) if allowed[row, column]]
