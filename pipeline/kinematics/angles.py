"""Angles of joints and segments in the plane of the picture, with Sports2D's definitions and signs.

D. Pagnon, "Sports2D" (JOSS, 2024): "Joint angle conventions" and "Segment angle conventions". docs/angles.md lists
every one of them with its zero and its sign.

Poses are looked at as if people faced to the right, with y up: whoever faces left is mirrored. An angle is measured
from one direction of the body to another, or to the horizontal, anticlockwise.

Legend: ``F`` frames, ``K`` joints, ``A`` angles.
"""

from dataclasses import dataclass
from typing import List, Optional, Tuple

import numpy as np

from pipeline.kinematics.points import members, place
from pipeline.skeletons import Skeleton

Direction = Tuple[str, str]  # from a point to a point, see pipeline.kinematics.points


@dataclass(frozen=True)
class Angle:
    """One angle: ``factor`` times the turn from ``base`` to ``moving``, plus ``zero``.

    Attributes:
        name: ``left_knee``, ``trunk`` …
        moving: the direction whose angle it is.
        base: the direction from which it is measured; None for the horizontal, to the right.
        factor: 1 or -1.
        zero: degrees.
        least: values are in ``least``..``least + 360`` degrees, so that no usual motion crosses the seam.
        mirrored: whether people who face left are mirrored.
    """

    name: str
    moving: Direction
    base: Optional[Direction] = None
    factor: int = 1
    zero: float = 0.0
    least: float = -180.0
    mirrored: bool = True

    @property
    def is_joint(self) -> bool:
        """Whether it is a joint's, not a segment's."""
        return self.base is not None

    @property
    def points(self) -> Tuple[str, ...]:
        """The points that it needs."""
        return (*(self.base or ()), *self.moving)


def _joints(side: str) -> List[Angle]:
    def between(*points: str) -> Direction:
        start, end = (f'{side}_{point}' for point in points)
        return start, end

    shank, thigh = between('knee', 'ankle'), between('hip', 'knee')
    arm, forearm = between('shoulder', 'elbow'), between('elbow', 'wrist')
    down = between('shoulder', 'hip')
    return [
        # the foot's direction, seen from that of the shank upwards: 90 degrees apart where one stands
        Angle(f'{side}_ankle', between('heel', 'toe'), between('ankle', 'knee'), zero=90.0),
        Angle(f'{side}_knee', shank, thigh, factor=-1),
        Angle(f'{side}_hip', thigh, down),
        Angle(f'{side}_shoulder', arm, down, least=-90.0),  # 180 is overhead
        Angle(f'{side}_elbow', forearm, arm),
        Angle(f'{side}_wrist', between('wrist', 'finger'), forearm),
    ]


def _segments(side: str) -> List[Angle]:
    parts = dict(
        foot=('heel', 'toe'),
        shank=('knee', 'ankle'),
        thigh=('hip', 'knee'),
        arm=('shoulder', 'elbow'),
        forearm=('elbow', 'wrist'),
    )
    return [Angle(f'{side}_{name}', (f'{side}_{a}', f'{side}_{b}')) for name, (a, b) in parts.items()]


#: Every angle, joints before segments.
ANGLES: Tuple[Angle, ...] = (
    *_joints('left'),
    *_joints('right'),
    *_segments('left'),
    *_segments('right'),
    # lines from side to side say nothing of front and back: as they are in the picture
    Angle('pelvis', ('right_hip', 'left_hip'), mirrored=False),
    Angle('shoulders', ('right_shoulder', 'left_shoulder'), mirrored=False),
    Angle('trunk', ('mid_hip', 'mid_shoulder')),
    Angle('head', ('mid_shoulder', 'top')),
)


def angles_of(skeleton: Skeleton) -> List[Angle]:
    """Those of :data:`ANGLES` whose points a skeleton has."""
    return [angle for angle in ANGLES if all(members(skeleton, point) is not None for point in angle.points)]


def body_angles(skeleton: Skeleton, keypoints: np.ndarray, facing: np.ndarray) -> np.ndarray:
    """The angles of :func:`angles_of`.

    Args:
        skeleton: of the poses.
        keypoints: ``(F, K, 2)`` px, y down; NaN where a joint was not seen.
        facing: ``(F,)``, 1 where the person faces to the right of the picture, -1 to the left
            (:func:`pipeline.kinematics.facing`).

    Returns:
        ``(F, A)`` degrees; NaN where a joint is, or where two joints in one place have no direction.
    """
    chosen = angles_of(skeleton)
    values = np.full((len(keypoints), len(chosen)), np.nan)
    for a, angle in enumerate(chosen):
        towards = np.stack([facing if angle.mirrored else np.ones(len(keypoints)), -np.ones(len(keypoints))], axis=1)
        moving = _direction(skeleton, keypoints, angle.moving) * towards
        base = _direction(skeleton, keypoints, angle.base) * towards if angle.base else np.array([1.0, 0.0])
        cross = base[..., 0] * moving[..., 1] - base[..., 1] * moving[..., 0]
        turn = np.degrees(np.arctan2(cross, (base * moving).sum(axis=-1)))
        turn[(moving == 0).all(axis=-1) | (base == 0).all(axis=-1)] = np.nan
        values[:, a] = wrapped(angle.factor * turn + angle.zero, angle.least)
    return values


def angular_speed(values: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Degrees per second of angles ``(F, A)`` at ``times`` ``(F,)`` s: the difference of the frames on both sides.

    The shorter way round, so that nothing leaps at the ends of the range. NaN at both ends, and beside gaps.
    """
    speed = np.full(values.shape, np.nan)
    if len(values) > 2:
        steps = wrapped(np.diff(values, axis=0))
        speed[1:-1] = (steps[1:] + steps[:-1]) / (times[2:] - times[:-2])[:, None]
    return speed


def wrapped(degrees: np.ndarray, least: float = -180.0) -> np.ndarray:
    """``degrees`` within ``least < x <= least + 360``."""
    return least + 360 - np.mod(least + 360 - degrees, 360)


def _direction(skeleton: Skeleton, keypoints: np.ndarray, ends: Direction) -> np.ndarray:
    start, end = (place(skeleton, np.asarray(keypoints, np.float64), point) for point in ends)
    return end - start
