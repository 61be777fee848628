"""Offsets between an estimator's definition of a joint and the ground truth's.

Two joint definitions differ by a displacement that moves with the body. It is no error
of time, an estimator trained on another set has another one, so refiners that must
serve every estimator are not to learn it, and tables report errors without it too.
"""

from dataclasses import dataclass
from typing import Iterable, Tuple

import numpy as np


@dataclass
class DefinitionOffset:
    """Displacement of each joint, by the figure's size, as an affine function of the pose.

    Attributes:
        coefficients: ``(F, K * 2)``; F is 1 for a mean offset, ``2 K + 1`` for one that
            follows the pose.
    """

    coefficients: np.ndarray

    @classmethod
    def fit(
        cls,
        pairs: Iterable[Tuple[np.ndarray, np.ndarray]],
        follow_pose: bool = False,
        step: int = 25,
        inlier: float = 0.06,
        ridge: float = 1e-3,
    ) -> 'DefinitionOffset':
        """Learn it from (estimate, truth) pairs of shape ``(T, K, 2)``, px.

        Args:
            pairs: training sequences.
            follow_pose: let the offset depend linearly on the pose; False takes the mean.
            step: use every ``step``-th frame.
            inlier: joints farther off than this (of the figure's size) are errors, no
                definitions, and left out of ``follow_pose``; the mean uses all.
            ridge: weight of the squared coefficients beside the mean squared error.
        """
        errors, poses = [], []
        for estimate, truth in pairs:
            estimate, truth = estimate[::step], truth[::step]
            centre, size = _frame(truth)
            errors.append(((estimate - truth) / size).reshape(len(truth), -1))
            poses.append(((truth - centre) / size).reshape(len(truth), -1))
        errors, poses = np.concatenate(errors), np.concatenate(poses)
        if not follow_pose:
            return cls(errors.mean(0, keepdims=True).astype(np.float32))
        features = np.concatenate([np.ones((len(poses), 1)), poses], axis=1)
        coefficients = np.zeros((features.shape[1], errors.shape[1]))
        for k in range(errors.shape[1] // 2):
            channels = slice(2 * k, 2 * k + 2)
            centre = np.median(errors[:, channels], axis=0)
            good = np.linalg.norm(errors[:, channels] - centre, axis=1) < inlier
            a, b = features[good], errors[good, channels]
            penalty = ridge * len(a) * np.eye(a.shape[1])
            penalty[0, 0] = 0
            coefficients[:, channels] = np.linalg.solve(a.T @ a + penalty, a.T @ b)
        return cls(coefficients.astype(np.float32))

    def remove(self, estimate: np.ndarray, truth: np.ndarray) -> np.ndarray:
        """``estimate`` with the offset taken out; both ``(T, K, 2)`` px. Needs the truth: for training and tables."""
        centre, size = _frame(truth)
        if len(self.coefficients) == 1:
            offset = np.broadcast_to(self.coefficients, (len(truth), self.coefficients.shape[1]))
        else:
            pose = ((truth - centre) / size).reshape(len(truth), -1)
            offset = self.coefficients[0] + pose @ self.coefficients[1:]
        return estimate - offset.reshape(truth.shape) * size


def _frame(truth: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Box centre ``(T, 1, 2)`` and size ``(T, 1, 1)`` of poses ``(T, K, 2)``."""
    low, high = truth.min(1), truth.max(1)
    return ((low + high) / 2)[:, None], np.maximum((high - low).max(-1), 1e-6)[:, None, None]
