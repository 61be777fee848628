"""A camera of which hardly anything is known: a pinhole that looks through the middle of the picture."""

from dataclasses import dataclass

import numpy as np

#: Degrees from corner to corner that are assumed where no focal length is given: main cameras of phones have 65 to 80
#: when they film, action cameras more, and lenses that films are made with less.
DIAGONAL_VIEW = 68.0


@dataclass(frozen=True)
class PinholeCamera:
    """What turns px into directions; lens distortion is not modelled.

    Attributes:
        focal: length in px.
        x, y: px of the principal point.
    """

    focal: float
    x: float
    y: float

    @classmethod
    def of_picture(cls, width: int, height: int, focal: float = 0.0) -> 'PinholeCamera':
        """The camera of pictures of ``width`` x ``height`` px; a ``focal`` of 0 stands for :data:`DIAGONAL_VIEW`."""
        if not focal:
            focal = float(np.hypot(width, height) / 2 / np.tan(np.radians(DIAGONAL_VIEW / 2)))
        return cls(float(focal), (width - 1) / 2, (height - 1) / 2)

    def rays(self, keypoints: np.ndarray) -> np.ndarray:
        """x / z and y / z ``(..., 2)`` float32 of the directions in which px ``(..., 2)`` are seen."""
        return ((keypoints - np.array([self.x, self.y])) / self.focal).astype(np.float32)

    def project(self, points: np.ndarray) -> np.ndarray:
        """Px ``(..., 2)`` float64 of points ``(..., 3)`` in the camera's frame: x right, y down, z ahead."""
        return points[..., :2] / points[..., 2:] * self.focal + np.array([self.x, self.y])
