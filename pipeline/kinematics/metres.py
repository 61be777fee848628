"""From pixels to metres: the plane that a person moves in, by a height, a scale or a calibrated camera.

One picture has no depth, so a plane has to be assumed: by default one that the camera looks at squarely, at the
distance of the person whose height is known. With a calibrated camera (world z up, floor at z = 0, as Pose2Sim has
it) it is the upright plane that faces the camera where the person's feet are on the floor.
"""

from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

import cv2
import numpy as np

from pipeline.errors import InputError
from pipeline.geometry import areas
from pipeline.kinematics.points import place
from pipeline.skeletons import Skeleton
from pipeline.types import People

# Heights of ankle and shoulder in statures (Drillis and Contini 1966; Winter, "Biomechanics and Motor Control of Human
# Movement", figure 4.1): shank, thigh and trunk together, from the ankle to the middle of the shoulders.
ANKLE_TO_SHOULDER = 0.818 - 0.039
# Of the lengths that somebody shows over time the largest are those in the picture's plane; noise makes the very
# largest too long.
_STRETCHED = 85  # percentile


@dataclass(frozen=True)
class Camera:
    """A calibrated camera, px and m: ``K`` ``(3, 3)``, ``distortion`` ``(4,)`` or more, ``R`` ``(3, 3)`` and ``T``
    ``(3,)`` from the world to the camera."""

    K: np.ndarray
    distortion: np.ndarray
    R: np.ndarray
    T: np.ndarray


@dataclass(frozen=True)
class MetreOptions:
    """How pixels become metres: one of the first three.

    Attributes:
        person_height: m, of the person who is in the picture longest and largest.
        scale: px per m.
        camera: calibrated.
        floor: x1, y1, x2, y2 px: a line on the floor, in the direction of walking. Metres are then measured from its
            first point, x along it and y upwards from it.
    """

    person_height: Optional[float] = None
    scale: Optional[float] = None
    camera: Optional[Camera] = None
    floor: Optional[Tuple[float, float, float, float]] = None


@dataclass(frozen=True)
class Plane:
    """A plane in metres.

    Attributes:
        matrix: ``(3, 3)`` homography from undistorted px to m: x to the right (or along the floor line), y up.
        camera: whose distortion to undo; None for none.
    """

    matrix: np.ndarray
    camera: Optional[Camera] = None

    def metres(self, points: np.ndarray) -> np.ndarray:
        """``(..., 2)`` m of ``(..., 2)`` px; NaN stays NaN."""
        points = np.asarray(points, np.float64)
        if self.camera is not None:
            flat = cv2.undistortPoints(points.reshape(-1, 1, 2), self.camera.K, self.camera.distortion, P=self.camera.K)
            points = flat.reshape(points.shape)
        found = points @ self.matrix[:, :2].T + self.matrix[:, 2]
        return found[..., :2] / found[..., 2:]

    def metres_per_pixel(self, point: np.ndarray) -> float:
        """Scale at a point ``(2,)`` px, across the picture."""
        return float(np.linalg.norm(self.metres(point + [0.5, 0]) - self.metres(point - [0.5, 0])))

    @classmethod
    def of_scale(cls, scale: float, height: int, floor: Optional[Tuple[float, float, float, float]] = None) -> 'Plane':
        """The plane that the camera looks at squarely.

        Args:
            scale: px per m.
            height: of the picture in px; without a floor line, metres count from the centre of the lower left pixel.
            floor: as in :class:`MetreOptions`.

        Raises:
            InputError: if the floor line has no length.
        """
        x1, y1, x2, y2 = floor or (0.0, height - 1.0, 1.0, height - 1.0)
        along = np.array([x2 - x1, y2 - y1])
        if not np.linalg.norm(along) > 0:
            raise InputError(f'floor {x1:g},{y1:g},{x2:g},{y2:g}: needs two different points')
        along = along / np.linalg.norm(along)
        up = np.array([along[1], -along[0]])
        axes = np.stack([along, up if up[1] < 0 else -up]) / scale
        return cls(np.vstack([np.column_stack([axes, -axes @ [x1, y1]]), [0, 0, 1]]))

    @classmethod
    def of_camera(cls, camera: Camera, feet: np.ndarray) -> 'Plane':
        """The upright plane that faces a camera at the place on the floor where ``feet`` ``(N, 2)`` px are."""
        ahead = camera.R[2] * [1, 1, 0]
        if looks_straight_down(camera):
            raise InputError('calibration: the camera looks straight down, there is no upright plane that faces it')
        ahead = ahead / np.linalg.norm(ahead)
        up = np.array([0.0, 0.0, 1.0])
        right = np.cross(ahead, up)
        places = on_floor(camera, feet) if len(feet) else np.zeros((0, 3))
        places = places[np.isfinite(places).all(axis=1)]  # feet over the horizon are on no floor
        through = np.median(places, axis=0) if len(places) else np.zeros(3)
        # of a along `right` and b along `up`, from the world's origin, in the plane through the feet
        depth = ahead * (through @ ahead)
        to_picture = camera.K @ np.column_stack([camera.R @ right, camera.R @ up, camera.R @ depth + camera.T])
        return cls(np.linalg.inv(to_picture), camera)


def looks_straight_down(camera: Camera) -> bool:
    """Whether a camera looks down, or up, within 6 degrees: no upright plane faces it then."""
    return bool(np.linalg.norm(camera.R[2, :2]) < 0.1)


def on_floor(camera: Camera, points: np.ndarray) -> np.ndarray:
    """Where the rays of points ``(N, 2)`` px meet the floor: ``(N, 3)`` m."""
    flat = cv2.undistortPoints(np.asarray(points, np.float64).reshape(-1, 1, 2), camera.K, camera.distortion)
    rays = np.column_stack([flat.reshape(-1, 2), np.ones(len(flat))]) @ camera.R  # in the world
    centre = -camera.R.T @ camera.T
    with np.errstate(divide='ignore', invalid='ignore'):
        along = -centre[2] / rays[:, 2]
    return centre + np.where(along > 0, along, np.nan)[:, None] * rays


def stretched_length(skeleton: Skeleton, keypoints: np.ndarray) -> np.ndarray:
    """Shank, thigh and trunk together, of poses ``(..., K, 2)``: ``(...)`` px; of the longer leg, NaN if unknown."""

    def between(start: str, end: str) -> np.ndarray:
        return np.linalg.norm(place(skeleton, keypoints, start) - place(skeleton, keypoints, end), axis=-1)

    legs = [
        between(f'{side}_hip', f'{side}_knee') + between(f'{side}_knee', f'{side}_ankle') for side in ('left', 'right')
    ]
    return np.fmax(*legs) + between('mid_hip', 'mid_shoulder')


class MetreScale:
    """Learns, frame by frame, what is needed of people to know their planes.

    Args:
        options: how pixels become metres.
        skeleton: of the people.
        height: of the picture, px.
    """

    def __init__(self, options: MetreOptions, skeleton: Skeleton, height: int):
        given = [name for name in ('person_height', 'scale', 'camera') if getattr(options, name) is not None]
        if len(given) != 1:
            raise InputError('metres: give one of --person-height, --scale and --calibration')
        self._options, self._skeleton, self._height = options, skeleton, height
        self._lengths: Dict[int, List[float]] = {}
        self._feet: Dict[int, List[np.ndarray]] = {}
        self._weights: Dict[int, float] = {}
        names = [name for name in skeleton.names if name.endswith(('ankle', 'heel', 'big_toe', 'foot_index'))]
        self._foot_joints = [skeleton.index(name) for name in names]

    def add(self, people: People) -> None:
        """Take the people of the next frame."""
        points = np.where((people.keypoint_scores > 0)[..., None], people.keypoints, np.nan)
        if self._options.person_height is not None:
            sizes = np.sqrt(areas(people.bboxes))
            for track_id, length, size in zip(
                people.track_ids.tolist(), stretched_length(self._skeleton, points).tolist(), sizes.tolist()
            ):
                if np.isfinite(length):
                    self._lengths.setdefault(track_id, []).append(length)
                    self._weights[track_id] = self._weights.get(track_id, 0.0) + size
        if self._options.camera is not None and self._foot_joints:
            for track_id, feet in zip(people.track_ids.tolist(), points[:, self._foot_joints]):
                if np.isfinite(feet[:, 1]).any():  # the lowest of them is on the floor, or near it
                    self._feet.setdefault(track_id, []).append(feet[np.nanargmax(feet[:, 1])])

    def plane(self, track_id: int) -> Plane:
        """The plane of a person, once everybody is known.

        Raises:
            InputError: if nobody was seen from ankles to shoulders, whose height would give the scale.
        """
        options = self._options
        if options.camera is not None:
            return Plane.of_camera(options.camera, np.reshape(self._feet.get(track_id, []), (-1, 2)))
        scale = options.scale
        if options.person_height is not None:
            if not self._lengths:
                raise InputError(
                    'person height: nobody is seen from ankles to shoulders, so there is no scale; give --scale'
                )
            main = max(self._lengths, key=lambda one: self._weights[one])
            stature = float(np.percentile(self._lengths[main], _STRETCHED)) / ANKLE_TO_SHOULDER
            scale = stature / options.person_height
        assert scale is not None
        return Plane.of_scale(scale, self._height, options.floor)
