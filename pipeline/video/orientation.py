"""Rotation of a decoded picture as displayed, as phones record it."""

import math
from dataclasses import dataclass
from typing import Sequence

import cv2
import numpy as np

_TURNS = {1: cv2.ROTATE_90_CLOCKWISE, 2: cv2.ROTATE_180, 3: cv2.ROTATE_90_COUNTERCLOCKWISE}


@dataclass(frozen=True)
class Orientation:
    """A mirroring, then quarter turns.

    Attributes:
        quarter_turns: 0..3, clockwise.
        mirrored: swap left and right before turning.
    """

    quarter_turns: int = 0
    mirrored: bool = False

    @classmethod
    def from_matrix(cls, matrix: Sequence[int]) -> 'Orientation':
        """From the nine numbers of a display matrix, row by row (ISO/IEC 14496-12, 6.2.2).

        A point (x, y) of the stored picture is shown at (a x + c y, b x + d y),
        with a, b in the first row and c, d in the second. Angles between the
        quarter turns go to the nearest one; a matrix of zeros turns nothing.
        """
        a, b, _, c, d = matrix[:5]
        mirrored = a * d - b * c < 0
        if mirrored:
            a, b = -a, -b
        return cls(round(math.degrees(math.atan2(b, a)) / 90) % 4, mirrored)

    @property
    def swaps_sides(self) -> bool:
        """Whether width and height change places."""
        return self.quarter_turns % 2 == 1

    def apply(self, image: np.ndarray) -> np.ndarray:
        """Turn ``image`` ``(H, W, 3)`` or a plane ``(H, W)``; the result is contiguous if something was turned."""
        if self.mirrored:
            image = cv2.flip(image, 1)
        return cv2.rotate(image, _TURNS[self.quarter_turns]) if self.quarter_turns else image
