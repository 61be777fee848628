"""A linear map from the joints of one skeleton to those of another, by name.

Joints of equal name are taken over; others are derived from what the skeleton has, such as a neck
from the shoulders. The score of a derived joint is the mean score of its sources. A joint of which
any source is missing is missing.
"""

from typing import Mapping, Sequence, Tuple

import numpy as np

from pipeline.errors import InputError
from pipeline.skeletons import Skeleton

Weights = Mapping[str, float]


class JointMap:
    """A linear map from the joints of ``skeleton`` to those named ``names``."""

    def __init__(self, skeleton: Skeleton, names: Sequence[str], derived: Mapping[str, Weights], target: str):
        """
        Args:
            derived: weights by source of joints that are made where the skeleton lacks them.
            target: what ``names`` are called, for the error.

        Raises:
            InputError: if the skeleton has no joint in common with ``names``.
        """
        if not set(skeleton.names) & set(names):
            raise InputError(
                f'skeleton {skeleton.name!r} has no joint in common with {target}: {", ".join(skeleton.names)}'
            )
        self._weights = np.zeros((len(names), skeleton.num_keypoints))
        for row, name in enumerate(names):
            sources = {name: 1.0} if name in skeleton.names else derived.get(name, {})
            if all(source in skeleton.names for source in sources):
                for source, weight in sources.items():
                    self._weights[row, skeleton.index(source)] = weight
        self._sources = self._weights != 0

    def convert(self, keypoints: np.ndarray, scores: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """Convert poses.

        Args:
            keypoints: ``(P, K, 2)`` px; not finite counts as missing.
            scores: ``(P, K)`` in 0..1; 0 counts as missing.

        Returns:
            ``(P, N, 2)`` px and ``(P, N)``, all 0 where a joint is missing.
        """
        there = np.isfinite(keypoints).all(axis=2) & (scores > 0)
        # a joint needs all of its sources, and at least one
        needed = self._sources.sum(axis=1)
        complete = (there.astype(int) @ self._sources.T == needed) & (needed > 0)
        points = self._weights @ np.where(there[:, :, None], keypoints, 0)
        share = self._sources / np.maximum(needed, 1)[:, None]
        return (
            np.where(complete[:, :, None], points, 0.0),
            np.where(complete, np.where(there, scores, 0) @ share.T, 0.0),
        )
