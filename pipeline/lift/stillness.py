"""Whether the camera stands still, as places in the room assume: how the background moves between small pictures."""

from typing import Any, List, Optional

import cv2
import numpy as np

from pipeline.types import Frame

_WIDTH = 160  # px of the small pictures
_EVERY = 0.25  # seconds between two looks
MOVES = 0.01  # of the picture's width between two looks: more is a moving camera
SHARE = 0.2  # of the looks


class Stillness:
    """Follows corners outside the people's boxes, four times a second."""

    def __init__(self) -> None:
        self._last: Optional[np.ndarray] = None
        self._time = -np.inf
        self._steps: List[float] = []

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
            if corners is not None and len(corners) >= 8:
                flow: Any = cv2.calcOpticalFlowPyrLK(self._last, grey, corners, None)  # type: ignore[call-overload]
                moved, found, _ = flow
                steps = np.linalg.norm((moved - corners)[found.ravel() > 0].reshape(-1, 2), axis=1)
                if len(steps) >= 8:
                    self._steps.append(float(np.median(steps)) / _WIDTH)
        self._last, self._time = grey, frame.time

    @property
    def camera_moves(self) -> bool:
        """Whether the background has moved in a good part of the looks so far."""
        return bool(self._steps) and float(np.mean(np.array(self._steps) > MOVES)) > SHARE
