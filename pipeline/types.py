"""The few types that travel down the chain, each with its shapes and units.

Legend: ``P`` people in a frame, ``K`` keypoints of the skeleton, ``T`` frames.
Pixel coordinates have their origin at the centre of the upper left pixel, x to
the right and y down, in the frame as it is displayed.
"""

from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from typing import Optional

import numpy as np


@dataclass(frozen=True)
class VideoInfo:
    """What is known of a source before its first frame.

    Attributes:
        name: stem that output files are named after.
        width, height: displayed size in px (rotation applied).
        fps: average frame rate, exact (``Fraction(30000, 1001)``).
        num_frames: frames that the source will yield, or None for a live stream.
        path: the file behind it, if there is one (its audio is copied from there).
        start: time of the first yielded frame in the source, in seconds.
    """

    name: str
    width: int
    height: int
    fps: Fraction
    num_frames: Optional[int] = None
    path: Optional[str] = None
    start: float = 0.0


@dataclass(frozen=True)
class Frame:
    """One decoded picture.

    Attributes:
        index: position in the source, counted from its very first frame.
        time: presentation time in seconds since the source's first frame.
        image: ``(H, W, 3)`` uint8, RGB.
        watched: False where no estimator looks at it and its people are filled in from
            the watched frames around it.
    """

    index: int
    time: float
    image: np.ndarray
    watched: bool = True


@dataclass
class Detections:
    """People found in one frame, before their poses are known.

    Attributes:
        bboxes: ``(P, 4)`` float32, x1 y1 x2 y2 in px, inside the frame.
        scores: ``(P,)`` float32 in 0..1.
        keypoints: ``(P, 17, 2)`` float32 px, COCO order, when the detector gives
            rough keypoints too (they seed estimators that can use them).
        keypoint_scores: ``(P, 17)`` float32 in 0..1, with ``keypoints``.
        carried: ``(P,)`` bool, True where the tracker says that somebody must be
            there and no detector does.
    """

    bboxes: np.ndarray
    scores: np.ndarray
    keypoints: Optional[np.ndarray] = None
    keypoint_scores: Optional[np.ndarray] = None
    carried: Optional[np.ndarray] = None

    def __post_init__(self):
        if self.carried is None:
            self.carried = np.zeros(len(self.bboxes), bool)

    def __len__(self) -> int:
        return len(self.bboxes)

    def __getitem__(self, index) -> 'Detections':
        """Select people by a mask, slice or index array."""
        return _select(self, index)

    @classmethod
    def empty(cls) -> 'Detections':
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))


@dataclass
class People:
    """The posed people of one frame; each stage of the chain fills in more.

    Attributes:
        bboxes: ``(P, 4)`` float32, x1 y1 x2 y2 in px.
        bbox_scores: ``(P,)`` float32 in 0..1.
        keypoints: ``(P, K, 2)`` float32 px; after the refiner the refined ones.
        keypoint_scores: ``(P, K)`` float32 in 0..1; 0 means not seen.
        track_ids: ``(P,)`` int64, from 1 up; -1 before the tracker.
        keypoints_raw: ``(P, K, 2)`` float32 px as the estimator gave them; equal
            to ``keypoints`` before the refiner.
        filled: ``(P,)`` bool, True where the refiner bridged frames in which the
            person was not found (``keypoints_raw`` is then interpolated too).
        carried: ``(P,)`` bool, as in :class:`Detections`.
    """

    bboxes: np.ndarray
    bbox_scores: np.ndarray
    keypoints: np.ndarray
    keypoint_scores: np.ndarray
    track_ids: np.ndarray = field(default=None)
    keypoints_raw: np.ndarray = field(default=None)
    filled: np.ndarray = field(default=None)
    carried: np.ndarray = field(default=None)

    def __post_init__(self):
        count = len(self.bboxes)
        if self.track_ids is None:
            self.track_ids = np.full(count, -1, np.int64)
        if self.keypoints_raw is None:
            self.keypoints_raw = self.keypoints
        if self.carried is None:
            self.carried = np.zeros(count, bool)
        if self.filled is None:
            self.filled = np.zeros(count, bool)

    def __len__(self) -> int:
        return len(self.bboxes)

    def __getitem__(self, index) -> 'People':
        """Select people by a mask, slice or index array."""
        return _select(self, index)

    @classmethod
    def empty(cls, num_keypoints: int) -> 'People':
        return cls(
            np.zeros((0, 4), np.float32),
            np.zeros(0, np.float32),
            np.zeros((0, num_keypoints, 2), np.float32),
            np.zeros((0, num_keypoints), np.float32),
        )


@dataclass(frozen=True)
class FrameResult:
    """What the chain yields: a frame and the people in it."""

    frame: Frame
    people: People


def _select(rows, index):
    return replace(
        rows, **{f.name: None if getattr(rows, f.name) is None else getattr(rows, f.name)[index] for f in fields(rows)}
    )
