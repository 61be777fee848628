"""The crop for BlazePose: a square around the hips, rotated so that the body is upright."""

from dataclasses import dataclass, replace

import numpy as np

from pipeline.types import Frame

LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_HIP, RIGHT_HIP = 5, 6, 11, 12
# A square has at least this radius in torso lengths, times the radius factor: a standing body's ankles
# are 1.6 torsos away, and legs that the seed did not see should still be in it.
_LEAST_TORSOS = 1.5
# Joints with less than this part of a pose's best score do not count.
_SEEN = 0.3


@dataclass(frozen=True)
class Crop:
    """A square in the frame.

    Attributes:
        centre: ``(2,)`` px.
        radius: half the side, px.
        angle: radians from the frame's up to the square's up, clockwise as seen.
    """

    centre: np.ndarray
    radius: float
    angle: float

    @classmethod
    def around_pose(cls, keypoints: np.ndarray, scores: np.ndarray, factor: float) -> 'Crop':
        """The square centred on the hips with the shoulders above them.

        Args:
            keypoints: ``(17, 2)`` px, COCO order.
            scores: ``(17,)``; joints that are weak beside the others do not count for the size.
            factor: radius of the square over the distance to the farthest joint.
        """
        keypoints = np.asarray(keypoints, np.float64)
        hips = keypoints[[LEFT_HIP, RIGHT_HIP]].mean(axis=0)
        torso = keypoints[[LEFT_SHOULDER, RIGHT_SHOULDER]].mean(axis=0) - hips
        farthest = np.linalg.norm(keypoints[seen(scores)] - hips, axis=1).max()
        radius = factor * max(farthest, _LEAST_TORSOS * np.hypot(*torso), 1.0)
        return cls(hips, float(radius), float(np.arctan2(torso[0], -torso[1])))

    @classmethod
    def around_box(cls, bbox: np.ndarray, factor: float) -> 'Crop':
        """The upright square around a box ``(4,)``, for people of whom nothing else is known."""
        bbox = np.asarray(bbox, np.float64)
        return cls((bbox[:2] + bbox[2:]) / 2, float(factor * max(*(bbox[2:] - bbox[:2]), 2.0) / 2), 0.0)

    def fits(self, other: 'Crop', shift: float = 0.25, zoom: float = 1.4, turn: float = np.pi / 6) -> bool:
        """Whether ``other`` shows much the same.

        Args:
            shift: largest distance of the centres, in radii of this square.
            zoom: largest ratio of the radii, either way.
            turn: largest difference of the angles, radians.
        """
        angle = (other.angle - self.angle + np.pi) % (2 * np.pi) - np.pi
        return bool(
            np.hypot(*(other.centre - self.centre)) <= shift * self.radius
            and 1 / zoom <= other.radius / self.radius <= zoom
            and abs(angle) <= turn
        )

    def changed(self, angle: float, zoom: float) -> 'Crop':
        """The square turned by ``angle`` radians around its centre, its radius times ``zoom``."""
        return replace(self, angle=self.angle + angle, radius=self.radius * zoom)

    def matrix(self, size: int) -> np.ndarray:
        """``(2, 3)`` affine map from px of the frame to px of a ``size`` x ``size`` picture.

        Pixel centres are whole numbers on both sides.
        """
        scale = size / (2 * self.radius)
        cos, sin = scale * np.cos(self.angle), scale * np.sin(self.angle)
        turn = np.array([[cos, sin], [-sin, cos]])
        return np.column_stack([turn, (size - 1) / 2 - turn @ self.centre])

    def cut(self, frame: Frame, size: int) -> np.ndarray:
        """``(size, size, 3)`` uint8 RGB picture of the square; black outside the frame.

        Large squares are halved by averaging first: sampling them sparsely would make
        the landmarks tremble.
        """
        return frame.warped(self.matrix(size), size, size)

    def to_frame(self, points: np.ndarray, size: int) -> np.ndarray:
        """Points ``(K, 2)`` from px of the cut picture to px of the frame."""
        matrix = self.matrix(size)
        return (points - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T


def seen(scores: np.ndarray) -> np.ndarray:
    """Which joints count: ``(17,)`` bool, those that are not weak beside the best one."""
    return scores >= _SEEN * np.max(scores)
