"""Hide heads, or all but the people, in a picture: RGB, or the planes of a video."""

from typing import List, Tuple, Union

import cv2
import numpy as np

from pipeline.skeletons import Skeleton
from pipeline.types import People
from pipeline.video.yuv import Planes

# a head is averaged over so many cells across its circle, in which nobody is told apart, and smoothed between them
_CELLS = 5
# rows to which a background is averaged
_BACKGROUND_ROWS = 24
# masks of people are drawn so many times smaller
_SHRINK = 4
# half width of a limb in lengths of the torso; of the rim around the figure
_LIMB, _RIM = 0.28, 0.12
_LEAST_SCORE = 0.15

Canvas = Union[np.ndarray, Planes]


def hide_heads(canvas: Canvas, circles: np.ndarray) -> None:
    """Blur ``circles`` ``(N, 3)`` (x, y, radius in px) beyond recognition, in place."""
    for plane, share in _planes(canvas):
        for x, y, radius in circles:
            _hide(plane, x * share, y * share, radius * share)


def _hide(plane: np.ndarray, x: float, y: float, radius: float) -> None:
    height, width = plane.shape[:2]
    left, right = max(int(x - radius), 0), min(int(x + radius) + 2, width)
    top, bottom = max(int(y - radius), 0), min(int(y + radius) + 2, height)
    if left >= right or top >= bottom:
        return
    part = plane[top:bottom, left:right]
    cell = max(2 * radius / _CELLS, 2.0)
    cells = max(round((right - left) / cell), 1), max(round((bottom - top) / cell), 1)
    small = cv2.resize(part, cells, interpolation=cv2.INTER_AREA)
    smooth = cv2.resize(small, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
    columns, rows = np.arange(left, right) - x, np.arange(top, bottom) - y
    inside = np.square(rows)[:, None] + np.square(columns)[None] <= radius * radius
    part[inside] = smooth.reshape(part.shape)[inside]


def hide_background(canvas: Canvas, people: People, skeleton: Skeleton, heads: np.ndarray, how: str) -> None:
    """Blacken or blur everything but ``people``, in place.

    Args:
        people: who is kept: a wide band around their limbs, their torso, and their heads.
        skeleton: of the people.
        heads: ``(P, 3)`` circles around their heads.
        how: ``black`` or ``blur``.
    """
    height, width = canvas.shape[:2]
    share = _kept((width, height), people, skeleton, heads)
    for channel, (plane, _) in enumerate(_planes(canvas)):
        size = plane.shape[1], plane.shape[0]
        kept = cv2.resize(share, size, interpolation=cv2.INTER_LINEAR).reshape(
            size[1], size[0], *[1] * (plane.ndim - 2)
        )
        if how == 'black':
            black = canvas.colours.encoding()[channel, 3] if isinstance(canvas, Planes) else 0.0
            behind: Union[float, np.ndarray] = float(black)
        else:
            rows = min(_BACKGROUND_ROWS, size[1])
            small = cv2.resize(plane, (max(round(rows * size[0] / size[1]), 1), rows), interpolation=cv2.INTER_AREA)
            behind = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR).astype(np.float32).reshape(plane.shape)
        plane[...] = np.rint(kept * plane + (1 - kept) * behind).astype(plane.dtype)


def _kept(size: Tuple[int, int], people: People, skeleton: Skeleton, heads: np.ndarray) -> np.ndarray:
    """Share of each pixel that is kept, ``(H / 4, W / 4)`` float32 in 0..1."""
    mask = np.zeros((-(-size[1] // _SHRINK), -(-size[0] // _SHRINK)), np.uint8)
    joints = {name: k for k, name in enumerate(skeleton.names)}
    corners = [joints[n] for n in ('left_shoulder', 'right_shoulder', 'right_hip', 'left_hip') if n in joints]
    blurred = 1.0
    for row, (x, y, radius) in enumerate(heads):
        points, scores = people.keypoints[row] / _SHRINK, people.keypoint_scores[row]
        sure = (scores >= _LEAST_SCORE) & np.isfinite(points).all(axis=1)
        points = np.clip(np.nan_to_num(points), -10_000, 10_000)
        unit = radius / 0.33 / _SHRINK  # about the length of the torso
        thick = max(round(2 * (_LIMB + _RIM) * unit), 1)
        blurred = max(blurred, 0.05 * unit)
        for a, b in skeleton.links:
            if sure[a] and sure[b]:
                cv2.line(mask, _whole(points[a]), _whole(points[b]), 255, thick)
        if len(corners) == 4 and sure[corners].all():
            cv2.fillConvexPoly(mask, cv2.convexHull(np.rint(points[corners]).astype(np.int32)), 255)
        cv2.circle(mask, _whole((x / _SHRINK, y / _SHRINK)), max(round(radius / _SHRINK), 1), 255, -1)
    return cv2.GaussianBlur(mask, (0, 0), blurred).astype(np.float32) / 255


def _whole(point) -> Tuple[int, int]:
    return int(round(float(point[0]))), int(round(float(point[1])))


def _planes(canvas: Canvas) -> List[Tuple[np.ndarray, float]]:
    """What can be written to, and its pixels per pixel of the picture."""
    if isinstance(canvas, Planes):
        return [(canvas.y, 1.0), (canvas.u, 0.5), (canvas.v, 0.5)]
    return [(canvas, 1.0)]
