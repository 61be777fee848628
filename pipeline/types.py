"""The types that pass between stages, with shapes and units.

Legend: ``P`` people in a frame, ``K`` keypoints of the skeleton, ``T`` frames.
Pixel coordinates have their origin at the centre of the upper left pixel, x to
the right and y down, in the frame as it is displayed.
"""

from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import Any, Optional, Protocol, Tuple, Union

import cv2
import numpy as np

from pipeline.files import safe_name

_FILLED_IN: Any = None  # default of arrays that __post_init__ makes where they are not given


@dataclass(frozen=True)
class FileClock:
    """How the clock in a video file was read; its sound has to be read in the same way.

    Attributes:
        origin: time on that clock, in seconds, at which the first picture is shown.
        shifts: seconds that were added to it, from the beginning on and from each place on where it was set anew.
        end: when the last picture has been shown, in seconds since the first.
    """

    origin: Fraction = Fraction(0)
    shifts: Tuple[Fraction, ...] = (Fraction(0),)
    end: float = float('inf')


@dataclass(frozen=True)
class VideoInfo:
    """What is known of a source before its first frame.

    Attributes:
        name: stem that output files are named after, made safe for it (:func:`pipeline.files.safe_name`).
        width, height: displayed size in px (rotation applied).
        fps: average frame rate, exact (``Fraction(30000, 1001)``).
        num_frames: frames that the source will yield, or None for a live stream.
        path: the file behind it, if there is one (its audio is copied from there).
        start: time of the first yielded frame in the source, in seconds.
        clock: of the file ``path``, if it was looked at.
        number: tells it from other videos in formats whose ids are numbers; 0 where it stands alone.
    """

    name: str
    width: int
    height: int
    fps: Fraction
    num_frames: Optional[int] = None
    path: Optional[str] = None
    start: float = 0.0
    clock: Optional[FileClock] = None
    number: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, 'name', safe_name(self.name))


#: x1, y1, x2, y2 in px
Part = Tuple[int, int, int, int]


class Picture(Protocol):
    """A picture that is kept in another form than RGB, such as the planes of a video."""

    @property
    def shape(self) -> Tuple[int, int, int]:
        """``(H, W, 3)``."""

    @property
    def rgb(self) -> np.ndarray:
        """``(H, W, 3)`` uint8 RGB, made on demand."""

    def resized(self, width: int, height: int, interpolation: int, part: Optional[Part] = None) -> np.ndarray:
        """See :meth:`Frame.resized`."""

    def warped(self, matrix: np.ndarray, width: int, height: int) -> np.ndarray:
        """See :meth:`Frame.warped`."""

    def colours_at(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """See :meth:`Frame.colours_at`."""


@dataclass(frozen=True)
class Frame:
    """One decoded picture.

    A network that wants a small picture or a crop takes :meth:`resized` or
    :meth:`warped`: a video's frame is YUV, and only what is asked for becomes RGB.

    Attributes:
        index: position in the source, counted from its very first frame.
        time: presentation time in seconds since the source's first frame.
        picture: ``(H, W, 3)`` uint8 RGB, or a :class:`Picture`.
        watched: whether it is analysed; False where its people are filled in from
            the analysed frames around it.
    """

    index: int
    time: float
    picture: Union[np.ndarray, Picture]
    watched: bool = True

    @property
    def image(self) -> np.ndarray:
        """``(H, W, 3)`` uint8, RGB, of the whole picture; made when it is first asked for, then kept."""
        return self.picture if isinstance(self.picture, np.ndarray) else self.picture.rgb

    @property
    def width(self) -> int:
        """Px."""
        return self.picture.shape[1]

    @property
    def height(self) -> int:
        """Px."""
        return self.picture.shape[0]

    @property
    def nbytes(self) -> int:
        """Bytes that the picture takes while it waits."""
        return getattr(self.picture, 'nbytes', 3 * self.width * self.height)

    def resized(
        self, width: int, height: int, interpolation: int = cv2.INTER_LINEAR, part: Optional[Part] = None
    ) -> np.ndarray:
        """The picture, or a part of it, as ``(height, width, 3)`` uint8 RGB.

        Args:
            part: x1, y1, x2, y2 in whole px inside the picture, x2 and y2 not included.
            interpolation: OpenCV's; ``INTER_LINEAR`` samples as MMCV's ``Resize`` does, ``INTER_AREA`` averages.
        """
        if isinstance(self.picture, np.ndarray):
            x1, y1, x2, y2 = part or (0, 0, self.width, self.height)
            return cv2.resize(self.picture[y1:y2, x1:x2], (width, height), interpolation=interpolation)
        return self.picture.resized(width, height, interpolation, part)

    def warped(self, matrix: np.ndarray, width: int, height: int) -> np.ndarray:
        """A part of the picture, turned and scaled, as ``(height, width, 3)`` uint8 RGB; black outside.

        What is made smaller by 2 and more is halved by averaging first. The cost
        follows the part, not the picture.

        Args:
            matrix: ``(2, 3)`` affine map from px of the frame to px of the result, pixel
                centres being whole numbers on both sides.
        """
        if isinstance(self.picture, np.ndarray):
            return warp_averaged(self.picture, matrix, width, height)
        return self.picture.warped(matrix, width, height)

    def colours_at(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Colours of single pixels, ``(N, 3)`` uint8 RGB.

        Args:
            x, y: ``(N,)`` whole numbers inside the picture.
        """
        if isinstance(self.picture, np.ndarray):
            return self.picture[y, x]
        return self.picture.colours_at(x, y)


def warp_averaged(image: np.ndarray, matrix: np.ndarray, width: int, height: int, border: float = 0) -> np.ndarray:
    """:meth:`Frame.warped` of an array ``(H, W)`` or ``(H, W, C)``; ``border`` is the value outside."""
    matrix = np.asarray(matrix, float)
    scale = np.sqrt(abs(np.linalg.det(matrix[:, :2])))
    step = 2 ** max(int(np.floor(np.log2(1 / max(scale, 1e-9)) + 1e-9)), 0)
    if step > 1:
        image, matrix = _shrunk(image, matrix, width, height, step)
    return cv2.warpAffine(
        image,
        matrix,
        (width, height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(border,) * 4,
    )


def _shrunk(image: np.ndarray, matrix: np.ndarray, width: int, height: int, step: int):
    """The part of ``image`` that a warp reads, ``step`` times smaller, and the map from there."""
    inverse = cv2.invertAffineTransform(matrix)
    corners = np.array([[-1, -1], [width, -1], [-1, height], [width, height]]) @ inverse[:, :2].T + inverse[:, 2]
    bounds = np.array(image.shape[1::-1])
    low = np.clip(np.floor(corners.min(axis=0)), 0, np.maximum(bounds - step, 0)).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0)) + 1, low + step, np.maximum(bounds, low)).astype(int)
    # whole blocks of step x step only, so that block k averages around low + (k + 1/2) step - 1/2
    blocks = (high - low) // step
    if not blocks.all():
        return image, matrix
    high = low + blocks * step
    part = cv2.resize(image[low[1] : high[1], low[0] : high[0]], tuple(map(int, blocks)), interpolation=cv2.INTER_AREA)
    return part, np.column_stack([matrix[:, :2] * step, matrix[:, 2] + matrix[:, :2] @ (low + (step - 1) / 2)])


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
        expected_by: ``(P,)`` int64, which of the tracker's tracks says so; 0 for those found.
    """

    bboxes: np.ndarray
    scores: np.ndarray
    keypoints: Optional[np.ndarray] = None
    keypoint_scores: Optional[np.ndarray] = None
    carried: np.ndarray = _FILLED_IN
    expected_by: np.ndarray = _FILLED_IN

    def __post_init__(self):
        if self.carried is None:
            self.carried = np.zeros(len(self.bboxes), bool)
        if self.expected_by is None:
            self.expected_by = np.zeros(len(self.bboxes), np.int64)

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
        filled: ``(P,)`` bool, True for who was not seen in this frame: the tracker expects them where they
            stand, and the refiner, if they come back soon, bridges the frames between (``keypoints_raw``
            is then interpolated too) or, if not, leaves them out.
        carried: ``(P,)`` bool, as in :class:`Detections`; True as well for those whom the tracker expects.
        expected_by: ``(P,)`` int64, as in :class:`Detections`.
        keypoint_sigmas: ``(P, K)`` float32 px, how far off each refined keypoint may be: standard deviation
            along an axis, NaN where it is not known; None where the refiner does not say.
        looks: ``(P, L)`` float32, :func:`pipeline.tracking.looks.describe` of each, or None.
        keypoints_3d: ``(P, K, 3)`` float32 m before the camera: x right, y down, z ahead, the camera at zero; NaN
            for joints and people that were not lifted. None where nobody lifts.
    """

    bboxes: np.ndarray
    bbox_scores: np.ndarray
    keypoints: np.ndarray
    keypoint_scores: np.ndarray
    track_ids: np.ndarray = _FILLED_IN
    keypoints_raw: np.ndarray = _FILLED_IN
    filled: np.ndarray = _FILLED_IN
    carried: np.ndarray = _FILLED_IN
    expected_by: np.ndarray = _FILLED_IN
    keypoint_sigmas: Optional[np.ndarray] = None
    looks: Optional[np.ndarray] = None
    keypoints_3d: Optional[np.ndarray] = None

    def __post_init__(self):
        count = len(self.bboxes)
        if self.track_ids is None:
            self.track_ids = np.full(count, -1, np.int64)
        if self.keypoints_raw is None:
            self.keypoints_raw = self.keypoints
        if self.carried is None:
            self.carried = np.zeros(count, bool)
        if self.expected_by is None:
            self.expected_by = np.zeros(count, np.int64)
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
    """What the chain yields: a frame and the people in it.

    Attributes:
        others: who is there too, but was not chosen (``--people``): drawn faintly or not at all, and no data.
    """

    frame: Frame
    people: People
    others: Optional[People] = None


def _select(rows, index):
    return replace(
        rows, **{f.name: None if getattr(rows, f.name) is None else getattr(rows, f.name)[index] for f in fields(rows)}
    )
