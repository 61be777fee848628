"""Whether the camera stands still, as places in the room assume: how the background moves between small pictures."""

from typing import Any, Optional

import cv2
import numpy as np

from pipeline.types import Frame

_WIDTH = 160  # px of the small pictures
_EVERY = 0.25  # seconds between two looks
_LEAST_CORNERS = 10
MOVES = 0.01  # of the picture's width between two looks: more is a moving camera
SHARE = 0.2  # of the looks


class Stillness:
    """Follows corners outside the people's boxes, four times a second."""

    def __init__(self) -> None:
        self._last: Optional[np.ndarray] = None
        self._time = -np.inf
        self._looks = self._moves = 0

    def look(self, frame: Frame, boxes: np.ndarray) -> None:
        """Take the next frame, and the people's boxes ``(P, 4)`` px in it."""
        if frame.time < self._time + _EVERY:
            return
        scale = _WIDTH / frame.width
        height = max(round(frame.height * scale), 8)
        grey = cv2.cvtColor(frame.resized(_WIDTH, height, cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
        if self._last is not None and self._last.shape == grey.shape:
            background: np.ndarray = np.full(grey.shape, 255, np.uint8)
            for x1, y1, x2, y2 in np.nan_to_num(boxes) * scale:
                background[max(int(y1) - 4, 0) : max(int(y2) + 5, 0), max(int(x1) - 4, 0) : max(int(x2) + 5, 0)] = 0
            corners = cv2.goodFeaturesToTrack(self._last, 60, 0.02, 5, mask=background)
            step = self._step(grey, corners) if corners is not None else None
            if step is not None:
                self._looks += 1
                self._moves += step > MOVES
        self._last, self._time = grey, frame.time

    def _step(self, grey: np.ndarray, corners: np.ndarray) -> Optional[float]:
        """How far the background has moved, of the picture's width; None where corners do not agree, or lie together:
        they may be somebody's whom the boxes leave out."""
        flow: Any = cv2.calcOpticalFlowPyrLK(self._last, grey, corners, None)  # type: ignore[call-overload]
        moved, found, _ = flow
        before, after = (points[found.ravel() > 0].reshape(-1, 2) for points in (corners, moved))
        if len(before) < _LEAST_CORNERS:
            return None
        _, inside = cv2.estimateAffinePartial2D(before, after, ransacReprojThreshold=1.0)
        agree = np.zeros(len(before), bool) if inside is None else inside.ravel() > 0
        if agree.mean() < 0.6 or agree.sum() < _LEAST_CORNERS or np.ptp(before[agree, 0]) < 0.4 * _WIDTH:
            return None
        return float(np.median(np.linalg.norm((after - before)[agree], axis=1))) / _WIDTH

    @property
    def camera_moves(self) -> bool:
        """Whether the background has moved in a good part of the looks so far."""
        return self._moves > SHARE * self._looks
