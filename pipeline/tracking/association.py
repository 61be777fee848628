"""Which track continues with which person: similarity and optimal assignment."""
from typing import List, Sequence, Tuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from pipeline.tracking.similarity import areas, box_iou, pose_oks
from pipeline.tracking.track import Track
from pipeline.types import People


def similarity_matrix(tracks: Sequence[Track], people: People, time: float, sigmas: np.ndarray,
                      pose_weight: float) -> np.ndarray:
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


def assign(similarity: np.ndarray, least: float) -> List[Tuple[int, int]]:
    """Pairs of rows and columns with the greatest total similarity, each at least ``least``."""
    allowed = similarity >= max(least, np.finfo(np.float32).tiny)
    rows, columns = linear_sum_assignment(np.where(allowed, similarity, 0.0), maximize=True)
    return [(row, column) for row, column in zip(rows, columns) if allowed[row, column]]
