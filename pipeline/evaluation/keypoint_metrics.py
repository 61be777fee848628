"""Errors of keypoints over space and time, as plain functions of arrays.

Legend: ``T`` frames, ``K`` joints, ``D`` coordinates (2 in px, 3 in mm).
"""

import numpy as np


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


def acceleration_errors(prediction: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Length of the difference of accelerations, ``(T - 2, K)``; times fps² for per second²."""
    return np.linalg.norm(acceleration(prediction) - acceleration(truth), axis=-1)


def jitter(poses: np.ndarray) -> np.ndarray:
    """Length of third differences (jerk per frame³), ``(T, K, D) -> (T - 3, K)``; needs no truth."""
    return np.linalg.norm(np.diff(poses, 3, axis=0), axis=-1)


def align_similarity(prediction: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Rotate, scale and shift every pose onto its truth in the least squares sense, reflections excluded.

    Args:
        prediction, truth: ``(T, K, D)``.

    Returns:
        ``(T, K, D)``; NaN where all joints of a prediction coincide.
    """
    mean_prediction, mean_truth = prediction.mean(1, keepdims=True), truth.mean(1, keepdims=True)
    x, y = prediction - mean_prediction, truth - mean_truth
    u, singular, vt = np.linalg.svd(np.swapaxes(x, 1, 2) @ y)  # (T, D, D)
    sign = np.ones_like(singular)
    sign[:, -1] = np.sign(np.linalg.det(u @ vt))
    rotation = (u * sign[:, None]) @ vt
    with np.errstate(divide='ignore', invalid='ignore'):
        scale = (singular * sign).sum(1) / (x**2).sum((1, 2))
    return scale[:, None, None] * (x @ rotation) + mean_truth


def procrustes_errors(prediction: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Joint errors after :func:`align_similarity`, ``(T, K)``; their mean is the PA-MPJPE."""
    return joint_errors(align_similarity(prediction, truth), truth)
