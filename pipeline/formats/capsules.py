"""A body of capsules around a rig's bones, as triangles bound to them."""

from typing import List, NamedTuple, Tuple

import numpy as np

from pipeline.formats.rig import NAMES, PARENTS

# m, around the bone that ends at the joint of that name
_RADII = {
    'LeftUpLeg': 0.07,
    'LeftLeg': 0.07,
    'LeftFoot': 0.05,
    'Chest': 0.1,
    'LeftArm': 0.055,
    'LeftForeArm': 0.045,
    'LeftHand': 0.035,
    'Head': 0.05,
}
_HEAD = 0.1  # m, of the ball
_RINGS, _SIDES = 4, 10  # of half a ball


class Mesh(NamedTuple):
    """Triangles of one body in the rig's rest pose.

    Attributes:
        points, normals: ``(V, 3)`` float32.
        bones: ``(V,)`` uint8, the bone that carries each vertex.
        triangles: ``(F, 3)`` uint16.
    """

    points: np.ndarray
    normals: np.ndarray
    bones: np.ndarray
    triangles: np.ndarray


def body_of(offsets: np.ndarray, rest: np.ndarray) -> Mesh:
    """Capsules along all bones, and a ball for the head.

    Args:
        offsets: ``(B, 3)`` m of the rig's bones.
        rest: ``(B, 3)`` m, where they begin in the rest pose.
    """
    parts: List[Tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    bones: List[int] = []
    for b, parent in enumerate(PARENTS):
        if parent < 0 or not offsets[b].any():
            continue
        name = NAMES[b]
        radius = _RADII[name.replace('Right', 'Left')]
        parts.append(capsule(rest[parent], rest[b], radius))
        bones.append(parent)
        if name == 'Head':
            parts.append(capsule(rest[b] + [0, 0.02, 0], rest[b] + [0, 0.04, 0], _HEAD))
            bones.append(parent)
    counts = [len(points) for points, _, _ in parts]
    first = np.cumsum([0, *counts[:-1]])
    points, normals, triangles = zip(*parts)
    return Mesh(
        np.concatenate(points).astype(np.float32),
        np.concatenate(normals).astype(np.float32),
        np.repeat(bones, counts).astype(np.uint8),
        np.concatenate([faces + start for faces, start in zip(triangles, first)]).astype(np.uint16),
    )


def capsule(a: np.ndarray, b: np.ndarray, radius: float) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points ``(V, 3)``, normals ``(V, 3)`` and triangles ``(F, 3)``, seen from outside anticlockwise."""
    along = (b - a) / np.linalg.norm(b - a)
    side = np.cross(along, [0.0, 0.0, 1.0] if abs(along[2]) < 0.9 else [1.0, 0.0, 0.0])
    side /= np.linalg.norm(side)
    third = np.cross(along, side)
    around = 2 * np.pi * np.arange(_SIDES) / _SIDES
    latitudes = np.linspace(-np.pi / 2, np.pi / 2, 2 * _RINGS)  # both halves have the equator
    rings = []
    for k, latitude in enumerate(latitudes):
        out = np.cos(around)[:, None] * side + np.sin(around)[:, None] * third
        normal = np.cos(latitude) * out + np.sin(latitude) * along
        rings.append(((a if k < _RINGS else b) + radius * normal, normal))
    points, normals = (np.concatenate(column) for column in zip(*rings))
    faces = []
    for ring in range(len(latitudes) - 1):
        for k in range(_SIDES):
            low, low_next = ring * _SIDES + k, ring * _SIDES + (k + 1) % _SIDES
            faces += [(low, low_next, low + _SIDES), (low_next, low_next + _SIDES, low + _SIDES)]
    return points, normals, np.array(faces)
