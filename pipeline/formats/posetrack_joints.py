"""The 17 joints of PoseTrack18 from those of another skeleton.

Joints of equal name are taken over. The two that COCO lacks are derived as is
customary since Girdhar et al., "Detect-and-Track" (CVPR 2018): head_bottom is the
middle of the shoulders, and head_top lies as far beyond the nose as the nose lies
from head_bottom. Both are rough (a bent neck is not seen); their score is the mean
score of the joints they come from. A joint of which any source is missing is
missing.
"""

from typing import Tuple

import numpy as np

from pipeline.errors import InputError
from pipeline.skeletons import Skeleton

NAMES = (
    'nose',
    'head_bottom',
    'head_top',
    'left_ear',
    'right_ear',
    'left_shoulder',
    'right_shoulder',
    'left_elbow',
    'right_elbow',
    'left_wrist',
    'right_wrist',
    'left_hip',
    'right_hip',
    'left_knee',
    'right_knee',
    'left_ankle',
    'right_ankle',
)
_DERIVED = {
    'head_bottom': {'left_shoulder': 0.5, 'right_shoulder': 0.5},
    'head_top': {'nose': 2.0, 'left_shoulder': -0.5, 'right_shoulder': -0.5},
}


class PoseTrackJoints:
    """A linear map from the joints of a skeleton to PoseTrack18's."""

    def __init__(self, skeleton: Skeleton):
        """
        Raises:
            InputError: if the skeleton has no joint in common with PoseTrack18.
        """
        if not set(skeleton.names) & set(NAMES):
            raise InputError(
                f'skeleton {skeleton.name!r} has no joint in common with PoseTrack18: {", ".join(skeleton.names)}'
            )
        self._weights = np.zeros((len(NAMES), skeleton.num_keypoints))
        for row, name in enumerate(NAMES):
            sources = {name: 1.0} if name in skeleton.names else _DERIVED.get(name, {})
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
            ``(P, 17, 2)`` px and ``(P, 17)``, all 0 where a joint is missing.
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
