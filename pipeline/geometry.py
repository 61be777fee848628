"""Sizes of poses and boxes; similarity of two sets of people: keypoints (OKS) and boxes (IoU, containment).

Legend: ``N`` and ``M`` people in the two sets, ``K`` keypoints.
"""

from typing import Optional, Union

import numpy as np

from pipeline.types import Detections, People

Poses = Union[Detections, People]

# joint confidence, summed over a pose, below which OKS says nothing
_LEAST_EVIDENCE = 1e-6


def longer_side(keypoints: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The longer side of the box around the known joints, ``(...)`` px; minus infinity where there is none.

    Args:
        keypoints: ``(..., K, D)`` px.
        known: ``(..., K)`` bool.
    """
    low, high = (np.where(known[..., None], keypoints, beyond) for beyond in (np.inf, -np.inf))
    return (high.max(-2) - low.min(-2)).max(-1)


def areas(bboxes: np.ndarray) -> np.ndarray:
    """Areas in px² of boxes ``(N, 4)``, x1 y1 x2 y2; 0 for inverted ones. ``(N,)``."""
    return np.clip(bboxes[:, 2] - bboxes[:, 0], 0, None) * np.clip(bboxes[:, 3] - bboxes[:, 1], 0, None)


def box_intersections(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection areas in px² of boxes ``(N, 4)`` and ``(M, 4)``. ``(N, M)``."""
    upper_left = np.maximum(a[:, None, :2], b[None, :, :2])
    lower_right = np.minimum(a[:, None, 2:], b[None, :, 2:])
    return np.prod(np.clip(lower_right - upper_left, 0, None), axis=2)


def box_iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of boxes ``(N, 4)`` and ``(M, 4)``: ``(N, M)`` in 0..1."""
    shared = box_intersections(a, b)
    union = areas(a)[:, None] + areas(b)[None] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def box_containment(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The part of the smaller box that lies in the larger: ``(N, M)`` in 0..1."""
    shared = box_intersections(a, b)
    smaller = np.minimum(areas(a)[:, None], areas(b)[None])
    return np.divide(shared, smaller, out=np.zeros_like(shared), where=smaller > 0)


def pose_oks(
    a: np.ndarray,
    b: np.ndarray,
    weights_a: np.ndarray,
    weights_b: np.ndarray,
    scale: np.ndarray,
    sigmas: np.ndarray,
    variance: Optional[np.ndarray] = None,
) -> np.ndarray:
    """Object keypoint similarity of every pose of ``a`` with every pose of ``b``.

    COCO's formula, with each joint weighted by the confidence both sides have
    in it (the geometric mean of the two weights) instead of by a visible flag,
    and with the uncertainty of ``a`` added to the variance that OKS allows.

    Args:
        a: ``(N, K, 2)`` px, for example predicted poses.
        b: ``(M, K, 2)`` px, for example estimated poses.
        weights_a, weights_b: ``(N, K)`` and ``(M, K)`` confidences in 0..1.
        scale: ``(N, M)`` size of the pair in px: the square root of an area.
        sigmas: ``(K,)`` fall-off per joint.
        variance: ``(N, K)`` px² added to OKS' own, or None.

    Returns:
        ``(N, M)`` in 0..1; 0 where no joint is known on both sides.
    """
    squared = np.square(a[:, None] - b[None]).sum(axis=3)  # (N, M, K)
    allowed = np.square(2 * sigmas * scale[..., None]) + np.finfo(np.float32).tiny
    if variance is not None:
        allowed = allowed + variance[:, None]
    weights = np.sqrt(weights_a[:, None] * weights_b[None])
    total = weights.sum(axis=2)
    summed = (weights * np.exp(-squared / (2 * allowed))).sum(axis=2)
    return np.divide(summed, total, out=np.zeros_like(total), where=total > _LEAST_EVIDENCE)


def oks_of_smaller(a: Poses, b: Poses, sigmas: np.ndarray) -> np.ndarray:
    """OKS of all pairs of two sets who have keypoints: ``(N, M)`` in 0..1.

    The smaller of the two decides what is near: a child before its father is no duplicate.
    """
    size_a, size_b = np.sqrt(areas(a.bboxes)), np.sqrt(areas(b.bboxes))
    return pose_oks(
        a.keypoints,
        b.keypoints,
        a.keypoint_scores,
        b.keypoint_scores,
        np.minimum(size_a[:, None], size_b[None]),
        sigmas,
    )
