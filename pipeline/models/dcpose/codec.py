"""Heatmaps to keypoints as the published PoseTrack code decodes them."""
from typing import Tuple

import numpy as np
from mmpose.codecs import MSRAHeatmap
from mmpose.registry import KEYPOINT_CODECS


@KEYPOINT_CODECS.register_module()
class QuarterShiftHeatmap(MSRAHeatmap):
    """:class:`MSRAHeatmap` with another decoding: a quarter pixel towards the higher neighbour.

    MMPose shifts each axis by itself up to the border and puts joints without a positive value at
    -1; here both axes are shifted or none, only where ``1 < p < size - 1`` in both, and joints
    without a positive value are at 0.
    """

    def decode(self, encoded: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """Heatmaps ``(K, h, w)`` to keypoints ``(1, K, 2)`` in px of the crop and scores ``(1, K)``."""
        num_joints, height, width = encoded.shape
        joint = np.arange(num_joints)
        y, x = np.divmod(encoded.reshape(num_joints, -1).argmax(axis=1), width)
        scores = encoded[joint, y, x]
        inside = (1 < x) & (x < width - 1) & (1 < y) & (y < height - 1)
        # positions at the border look at their own value twice: no shift, and no index outside
        left, right = np.where(inside, x - 1, x), np.where(inside, x + 1, x)
        up, down = np.where(inside, y - 1, y), np.where(inside, y + 1, y)
        shift = np.sign(np.stack([encoded[joint, y, right] - encoded[joint, y, left],
                                  encoded[joint, down, x] - encoded[joint, up, x]], axis=1))
        keypoints = (np.stack([x, y], axis=1) + 0.25 * shift) * (scores > 0)[:, None]
        return (keypoints * self.scale_factor)[None].astype(np.float32), scores[None]
