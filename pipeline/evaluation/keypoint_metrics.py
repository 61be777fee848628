"""Errors of keypoints over space and time, as plain functions of arrays.

Legend: ``T`` frames, ``K`` joints, ``D`` coordinates (2 in px, 3 in mm).
"""

from typing import Optional, Sequence, Tuple

import numpy as np

from pipeline.refine.filters import bridge_missing


def joint_errors(prediction: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Euclidean distances, ``(T, K, D)`` twice -> ``(T, K)``."""
    return np.linalg.norm(prediction - truth, axis=-1)


def pck_hits(prediction: np.ndarray, truth: np.ndarray, size: np.ndarray, threshold: float) -> np.ndarray:
    """Whether joints lie within ``threshold`` of a body size of the truth, ``(T, K)`` bool.

    Args:
        prediction, truth: ``(T, K, 2)`` px.
        size: ``(T,)`` px, longer side of the box.
        threshold: such as 0.05. A joint exactly there is a hit; so is an exact one on a
            figure of size 0 (a published quirk that only padded frames show).
    """
    return joint_errors(prediction, truth) <= threshold * size[:, None]


def box_size(boxes: np.ndarray) -> np.ndarray:
    """Longer sides of boxes ``(T, 4)`` x1 y1 x2 y2, ``(T,)``."""
    return np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])


def acceleration(poses: np.ndarray) -> np.ndarray:
    """Second differences of the inner frames, ``(T, ...) -> (T - 2, ...)``, per frame²."""
    return poses[:-2] - 2 * poses[1:-1] + poses[2:]


def velocity_errors(prediction: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Length of the difference of first differences, ``(T - 1, K)``; their mean is the MPJVE, per frame."""
    return np.linalg.norm(np.diff(prediction, axis=0) - np.diff(truth, axis=0), axis=-1)


def acceleration_errors(prediction: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Length of the difference of accelerations, ``(T - 2, K)``; times fps² for per second²."""
    return np.linalg.norm(acceleration(prediction) - acceleration(truth), axis=-1)


def jerk(poses: np.ndarray) -> np.ndarray:
    """Length of third differences, per frame³, ``(T, K, D) -> (T - 3, K)``; needs no truth."""
    return np.linalg.norm(np.diff(poses, 3, axis=0), axis=-1)


def align_similarity(prediction: np.ndarray, truth: np.ndarray, known: Optional[np.ndarray] = None) -> np.ndarray:
    """Rotate, scale and shift every pose onto its truth in the least squares sense, reflections excluded.

    Args:
        prediction, truth: ``(T, K, D)``.
        known: ``(T, K)`` bool, joints to align by; all by default. Others are moved along, and may be NaN.

    Returns:
        ``(T, K, D)``; NaN where all known joints of a prediction coincide, where fewer than ``D + 1`` joints are known
        (so few are laid onto anything), and where a known joint is no number.
    """
    known = np.ones(truth.shape[:2], bool) if known is None else known
    numbers = np.isfinite(prediction).all(-1) & np.isfinite(truth).all(-1)
    usable = (numbers | ~known).all(1) & (known.sum(1) > truth.shape[-1])
    weight = (known & usable[:, None])[..., None].astype(prediction.dtype)
    a, b = (np.where(weight > 0, poses, 0) for poses in (prediction, truth))
    count = np.maximum(weight.sum(1, keepdims=True), 1)
    mean_prediction, mean_truth = a.sum(1, keepdims=True) / count, b.sum(1, keepdims=True) / count
    x, y = (a - mean_prediction) * weight, (b - mean_truth) * weight
    u, singular, vt = np.linalg.svd(np.swapaxes(x, 1, 2) @ y)  # (T, D, D)
    sign = np.ones_like(singular)
    sign[:, -1] = np.sign(np.linalg.det(u @ vt))
    rotation = (u * sign[:, None]) @ vt
    with np.errstate(divide='ignore', invalid='ignore'):
        scale = (singular * sign).sum(1) / (x**2).sum((1, 2))
    aligned = scale[:, None, None] * ((prediction - mean_prediction) @ rotation) + mean_truth
    return np.where(usable[:, None, None], aligned, np.nan)


def procrustes_errors(prediction: np.ndarray, truth: np.ndarray, known: Optional[np.ndarray] = None) -> np.ndarray:
    """Joint errors after :func:`align_similarity`, ``(T, K)``; their mean is the PA-MPJPE."""
    return joint_errors(align_similarity(prediction, truth, known), truth)


def relative_to_root(
    prediction: np.ndarray, truth: np.ndarray, known: np.ndarray, root: Sequence[int]
) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both poses with their root at zero, and which joints can be compared then.

    Args:
        prediction, truth: ``(T, K, D)``.
        known: ``(T, K)`` bool, whether a joint is annotated.
        root: joints whose mean is the root. Of these, a frame's annotated ones are taken, in both poses.

    Returns:
        prediction, truth, known; no joint of a frame is known whose root is not annotated.
    """
    rooted = known[:, root]
    count = np.maximum(rooted.sum(1), 1)[:, None, None]
    both = (
        poses - np.where(rooted[..., None], poses[:, root], 0).sum(1, keepdims=True) / count
        for poses in (prediction, truth)
    )
    return (*both, known & rooted.any(1, keepdims=True))


def fill_missing(prediction: np.ndarray) -> np.ndarray:
    """Joints that were not predicted (NaN) at the place that whoever draws no better one would give them.

    That is on the line between the frames before and after that have them; before the first and after the last one
    where this is; and for a joint of no frame at all in the middle of the frame's other joints. The refiners' input
    is filled the same way, so that rows of a table count the same joints.

    Args:
        prediction: ``(T, K, D)``; returned as it is where all are numbers. Frames of a sequence in which nothing is
            predicted stay NaN.
    """
    seen = np.isfinite(prediction).all(-1)
    if seen.all() or not seen.any():
        return prediction
    filled = bridge_missing(prediction, seen, np.arange(len(prediction))).astype(prediction.dtype)
    never = ~seen.any(0)
    filled[:, never] = filled[:, ~never].mean(1, keepdims=True)
    return filled
