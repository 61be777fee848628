"""From the camera's frame to a room's: y up, the floor at 0, metres.

The floor is where feet stand. As the camera's tilt is not known, it is told by how people stand and by where their feet
have been: a plane through the lower ankles, drawn towards the bodies' own upright where these were in few places.
"""

from dataclasses import dataclass
from typing import Sequence

import numpy as np

#: m: height of a standing ankle
ANKLE = 0.08
#: m: spread of footprints at which they say as much of the floor's tilt as upright bodies do
SPREAD = 0.5


@dataclass(frozen=True)
class Room:
    """A rigid motion.

    Attributes:
        rotation: ``(3, 3)`` camera to room.
        origin: ``(3,)`` m in the camera's frame, on the floor.
    """

    rotation: np.ndarray
    origin: np.ndarray

    def place(self, points: np.ndarray) -> np.ndarray:
        """``(..., 3)`` m in the camera's frame to m in the room: x right, y up, z towards the camera."""
        return (points - self.origin) @ self.rotation.T

    @property
    def tilt(self) -> float:
        """Degrees by which the camera looks down."""
        return float(np.degrees(np.arcsin(np.clip(-self.rotation[1, 2], -1, 1))))


def room_of(tracks: Sequence[np.ndarray], names: Sequence[str]) -> Room:
    """The room that people stand in.

    Args:
        tracks: ``(T, K, 3)`` m in the camera's frame of each person, NaN where unknown; the first stands at 0.
        names: ``K`` joints, COCO's among them.
    """

    def middle(poses: np.ndarray, part: str) -> np.ndarray:
        return (poses[:, names.index(f'left_{part}')] + poses[:, names.index(f'right_{part}')]) / 2

    poses = np.concatenate([np.asarray(track, np.float64) for track in tracks]) if tracks else np.zeros((0, 17, 3))
    poses = poses[np.isfinite(poses[:, names.index('left_hip')]).all(-1)] if len(poses) else poses
    if not len(poses):
        return Room(np.diag([1.0, -1.0, -1.0]), np.zeros(3))
    axis = middle(poses, 'shoulder') - middle(poses, 'ankle')
    length = np.linalg.norm(axis, axis=1)
    standing = length >= np.percentile(length, 50)  # who stoops or sits is shorter
    up = _unit(np.median(axis[standing] / length[standing, None], axis=0))
    if up[1] > -0.5:  # lying people say nothing of the room; cameras are held level
        up = np.array([0.0, -1.0, 0.0])
    ankles = np.stack([poses[:, names.index(f'{side}_ankle')] for side in ('left', 'right')], axis=1)
    lower = ankles[np.arange(len(ankles)), np.argmin(ankles @ up, axis=1)]
    up = _tilted(up, lower)
    right = _unit(np.array([1.0, 0, 0]) - up[0] * up)
    rotation = np.stack([right, up, np.cross(right, up)])
    first = np.asarray(tracks[0], np.float64)
    hips = middle(first[np.isfinite(first[:, names.index('left_hip')]).all(-1)], 'hip')
    under = np.median(hips, axis=0) if len(hips) else poses[0, names.index('left_hip')]
    floor = np.percentile(lower @ up, 10) - ANKLE
    return Room(rotation, under + (floor - under @ up) * up)


def _tilted(up: np.ndarray, footprints: np.ndarray) -> np.ndarray:
    """``up``, tilted so that footprints ``(N, 3)`` lie level, as far as their spread says."""
    side = _unit(np.cross(up, [0.0, 0.0, 1.0]))
    ahead = np.cross(side, up)
    off = footprints - np.median(footprints, axis=0)
    across, height = np.stack([off @ side, off @ ahead], axis=1), off @ up
    # who jumps does not lift the floor
    near = np.abs(height) < 0.3 + 0.3 * np.linalg.norm(across, axis=1)
    across, height = across[near], height[near]
    # two people at different heights may both be far from what lies between them; then up stays
    normal = across.T @ across + max(len(across), 1) * SPREAD**2 * np.eye(2)
    slope = np.linalg.solve(normal, across.T @ height)
    return _unit(up - slope[0] * side - slope[1] * ahead)


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(float(np.linalg.norm(vector)), 1e-9)
