"""The recent path of chosen joints, fading with age."""

from collections import deque
from typing import Deque, Dict, List, Sequence, Tuple, Union

import numpy as np

from pipeline.render.canvas import Canvas
from pipeline.render.ink import Ink
from pipeline.render.palette import colour_of
from pipeline.skeletons import Skeleton

HIP_CENTER = 'hip_center'
_USUAL = ('left_wrist', 'right_wrist', 'left_ankle', 'right_ankle')
_STRONGEST = 0.85
_Spot = Tuple[int, np.ndarray, float]  # frame, positions (J, 2) with NaN where unseen, figure size


class Trails:
    """Keeps positions per track id, at most ``length`` frames, and draws them."""

    def __init__(self, skeleton: Skeleton, joints: Union[bool, Sequence[str]], length: int, line_width: float):
        """
        Args:
            joints: names in ``skeleton``, or ``hip_center``; True for the usual ones,
                as far as the skeleton has them.
            length: frames that are kept.
            line_width: width at the head as a share of the figure's size.

        Raises:
            InputError: if the skeleton lacks a joint.
        """
        if joints is True:
            joints = [name for name in _USUAL if name in skeleton.names]
        self._members: List[List[int]] = [
            [skeleton.index('left_hip'), skeleton.index('right_hip')] if name == HIP_CENTER else [skeleton.index(name)]
            for name in joints
        ]
        self._length, self._line_width = length, line_width
        self._history: Dict[int, Deque[_Spot]] = {}
        self._frame = 0
        self._ink = Ink()

    def advance(self) -> None:
        """Start a new frame; forget what is older than ``length`` frames."""
        self._frame += 1
        for spots in self._history.values():
            while spots and spots[0][0] <= self._frame - self._length:
                spots.popleft()
        self._history = {i: spots for i, spots in self._history.items() if spots}

    def add(self, track_id: int, keypoints: np.ndarray, shown: np.ndarray, size: float) -> None:
        """Remember a person of this frame.

        Args:
            track_id: from 1 up; people without a track leave no trail.
            keypoints: ``(K, 2)`` px.
            shown: ``(K,)`` bool, the joints that are drawn.
            size: of the figure in px.
        """
        if track_id < 1:
            return
        spots = np.stack([keypoints[m].mean(axis=0) if shown[m].all() else np.full(2, np.nan) for m in self._members])
        self._history.setdefault(track_id, deque()).append((self._frame, spots, size))

    def draw(self, canvas: Canvas) -> None:
        """Draw every remembered path; gaps stay gaps."""
        for track_id, spots in self._history.items():
            frames = np.array([frame for frame, _, _ in spots])
            points = np.stack([where for _, where, _ in spots])  # (n, J, 2)
            known = np.isfinite(points).all(axis=2)
            pieces = known[1:] & known[:-1] & (np.diff(frames) == 1)[:, None]
            if not pieces.any():
                continue
            width = max(1.0, self._line_width * spots[-1][2])
            if not self._ink.begin(canvas, points[known], margin=width + 3):
                continue
            freshness = 1 - (self._frame - frames) / self._length  # 1 now, towards 0 with age
            i, j = np.nonzero(pieces)
            fresh = freshness[i + 1]
            self._ink.strokes(
                points[i, j],
                points[i + 1, j],
                np.maximum(1.0, width * fresh),
                [colour_of(track_id)] * len(i),
                _STRONGEST * fresh,
            )
            self._ink.blend()
