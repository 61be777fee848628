"""Fuse the poses of several estimators of one person into one.

BlazePose and MoveNet err independently: where they agree, the mean is more right than
either; where one is far off, it is the other ones that agree with each other.
"""

from typing import Sequence, Tuple

import numpy as np

from pipeline.networks.estimators.blazepose.crop import LEFT_HIP, LEFT_SHOULDER, RIGHT_HIP, RIGHT_SHOULDER
from pipeline.skeletons import load_skeleton

# Distance, in parts of the body's reach, over which two estimates stop supporting each other.
_AGREEMENT = 0.06
# What an estimate weighs that nothing supports, so that weights never vanish and change smoothly.
_ALONE = 0.02


def fuse(poses: np.ndarray, scores: np.ndarray, reach: float) -> Tuple[np.ndarray, np.ndarray]:
    """Weighted mean per joint; an estimate weighs its score times the support that it has.

    The support is the other estimates' scores, each times a Gaussian of its distance.
    Unlike a median or a choice, the weights change smoothly with what the
    estimators say: the result does not jump when two of them change places.

    Args:
        poses: ``(M, K, 2)`` px, of M estimators.
        scores: ``(M, K)`` in 0..1, on one scale.
        reach: size of the body, px.

    Returns:
        ``(K, 2)`` px; and ``(K,)`` in 0..1, the mean score times the square root of how well the
        estimators agree (1 where they all are in one place).
    """
    weights = np.clip(scores, 1e-3, None)
    distance = np.linalg.norm(poses[:, None] - poses[None], axis=-1)  # (M, M, K)
    kernel = np.exp(-0.5 * (distance / (_AGREEMENT * reach)) ** 2)
    kernel[np.arange(len(poses)), np.arange(len(poses))] = 0
    support = (kernel * weights[None]).sum(axis=1)  # (M, K)
    weights = weights * (_ALONE + support)
    weights /= weights.sum(axis=0)
    fused = (weights[..., None] * poses).sum(axis=0)
    spread = (weights * np.sum((poses - fused) ** 2, axis=-1)).sum(axis=0)
    agreement = np.exp(-0.5 * spread / (_AGREEMENT * reach) ** 2)
    return fused, (weights * scores).sum(axis=0) * np.sqrt(agreement)


def same_sides(poses: Sequence[np.ndarray], votes: Sequence[float]) -> Tuple[np.ndarray, np.ndarray]:
    """Poses with left and right as most of them have it.

    Seen from behind or from the side, an estimator may take the mirror image: its
    left joints are where the others have the right ones. By votes it is outvoted.

    Args:
        poses: M times ``(17, 2)`` px, COCO order.
        votes: ``(M,)``, how much each one counts.

    Returns:
        ``(M, 17, 2)``, every pose as it was or with its sides exchanged; and ``(M,)`` bool, which were.
    """
    poses = np.asarray(poses, np.float64)
    across = _across(poses)  # (M, 2, 2)
    alike = np.einsum('mij,nij->mn', across, across)  # above 0: the same way round
    votes = np.asarray(votes, np.float64)
    # the camp with most votes; one that sees the body edge on has hardly an opinion
    camps = alike / (np.sqrt(np.outer(np.diag(alike), np.diag(alike))) + 1e-9)
    leader = int(np.argmax((camps * votes).sum(axis=1)))
    swap = list(load_skeleton('coco').flip_indices)
    exchanged = poses[:, swap]
    # only if all of the pose fits the leader better so: crossed legs alone are no mirror image
    apart, swapped_apart = (
        np.median(np.linalg.norm(p - poses[leader], axis=2)[:, 5:], axis=1) for p in (poses, exchanged)
    )
    mirrored = (camps[leader] < 0) & (swapped_apart < apart)
    return np.where(mirrored[:, None, None], exchanged, poses), mirrored


def _across(poses: np.ndarray) -> np.ndarray:
    """Vectors from right to left, of shoulders and hips: ``(M, 2, 2)``."""
    return poses[:, [LEFT_SHOULDER, LEFT_HIP]] - poses[:, [RIGHT_SHOULDER, RIGHT_HIP]]
