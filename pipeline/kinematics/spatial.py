"""Joint angles in space, from COCO's joints in a room with y up. Legend: ``T`` frames.

Hips and shoulders: the limb's direction in the frame of pelvis or chest, whose x points to the left, y along the
back, z ahead. Flexion is its turn ahead (positive) or behind, seen from the side; abduction its angle away from the
plane that halves the body, positive outwards. Knees and elbows: 0 when straight, positive when bent. Trunk: of the back
from the vertical, ahead (flexion) and to the left (lateral). Names are those of OpenSim's models where they mean the
same.
"""

from typing import Dict, Sequence

import numpy as np


def spatial_angles(joints: np.ndarray, names: Sequence[str]) -> Dict[str, np.ndarray]:
    """Angles in degrees by name, ``(T,)`` each; NaN where a joint is unknown.

    Args:
        joints: ``(T, K, 3)`` m, y up.
        names: ``K``, COCO's among them.
    """

    def at(name: str) -> np.ndarray:
        return joints[:, names.index(name)].astype(np.float64)

    def across(part: str) -> np.ndarray:
        return at(f'left_{part}') - at(f'right_{part}')

    def middle(part: str) -> np.ndarray:
        return (at(f'left_{part}') + at(f'right_{part}')) / 2

    back = middle('shoulder') - middle('hip')
    pelvis, chest = body_axes(across('hip'), back), body_axes(across('shoulder'), back)
    level = body_axes(across('hip'), np.broadcast_to([0.0, 1.0, 0.0], back.shape), keep_up=True)
    lean = np.einsum('tij,tj->ti', level, back)
    angles = {
        'trunk_flexion': np.degrees(np.arctan2(lean[:, 2], lean[:, 1])),
        'trunk_lateral': np.degrees(np.arctan2(lean[:, 0], lean[:, 1])),
    }
    for side, out in (('left', 1.0), ('right', -1.0)):
        end = side[0]
        limbs = (('hip', 'knee', 'ankle', pelvis, 'hip', 'knee'), ('shoulder', 'elbow', 'wrist', chest, 'arm', 'elbow'))
        for first, second, third, axes, above, below in limbs:
            upper, lower = (
                at(f'{side}_{second}') - at(f'{side}_{first}'),
                at(f'{side}_{third}') - at(f'{side}_{second}'),
            )
            x, y, z = np.einsum('tij,tj->it', axes, _unit(upper))
            angles[f'{above}_flexion_{end}'] = np.degrees(np.arctan2(z, -y))
            angles[f'{above}_abduction_{end}'] = np.degrees(np.arcsin(np.clip(out * x, -1, 1)))
            sine = np.linalg.norm(np.cross(upper, lower), axis=-1)
            name = f'{below}_angle_{end}' if below == 'knee' else f'{below}_flex_{end}'
            angles[name] = np.degrees(np.arctan2(sine, (upper * lower).sum(-1)))
    return angles


def body_axes(left: np.ndarray, up: np.ndarray, keep_up: bool = False) -> np.ndarray:
    """``(T, 3, 3)``, rows x (left), y (up), z (ahead); ``left`` is kept exactly, or ``up``."""
    if keep_up:
        y = _unit(up)
        x = _unit(left - (left * y).sum(-1, keepdims=True) * y)
    else:
        x = _unit(left)
        y = _unit(up - (up * x).sum(-1, keepdims=True) * x)
    return np.stack([x, y, np.cross(x, y)], axis=1)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
