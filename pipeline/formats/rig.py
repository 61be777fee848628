"""A skeleton of fixed bones that turn, as animation programs want it, from COCO's joints in a room.

Legend: ``T`` frames, ``B`` bones of the rig.
"""

from dataclasses import dataclass
from typing import Dict, Sequence, Tuple

import numpy as np

#: bone, its parent, and which way it points from there when all rotations are 0 (a T pose that looks along z, y up)
BONES: Tuple[Tuple[str, str, Tuple[float, float, float]], ...] = (
    ('Hips', '', (0, 0, 0)),
    ('LeftUpLeg', 'Hips', (1, 0, 0)),
    ('LeftLeg', 'LeftUpLeg', (0, -1, 0)),
    ('LeftFoot', 'LeftLeg', (0, -1, 0)),
    ('RightUpLeg', 'Hips', (-1, 0, 0)),
    ('RightLeg', 'RightUpLeg', (0, -1, 0)),
    ('RightFoot', 'RightLeg', (0, -1, 0)),
    ('Spine', 'Hips', (0, 0, 0)),
    ('Chest', 'Spine', (0, 1, 0)),
    ('LeftArm', 'Chest', (1, 0, 0)),
    ('LeftForeArm', 'LeftArm', (1, 0, 0)),
    ('LeftHand', 'LeftForeArm', (1, 0, 0)),
    ('RightArm', 'Chest', (-1, 0, 0)),
    ('RightForeArm', 'RightArm', (-1, 0, 0)),
    ('RightHand', 'RightForeArm', (-1, 0, 0)),
    ('Neck', 'Chest', (0, 0, 0)),
    ('Head', 'Neck', (0, 1, 0)),
)
NAMES = tuple(name for name, _, _ in BONES)
PARENTS = tuple(NAMES.index(parent) if parent else -1 for _, parent, _ in BONES)
_FOLLOWS = 0.25  # share of a frame's bend in the axis that a knee or elbow turns about
ENDS = ('LeftFoot', 'RightFoot', 'LeftHand', 'RightHand', 'Head')  # nothing turns there
#: bones by the name of the joint that they begin at, where COCO has it
_COCO = {
    'LeftUpLeg': 'left_hip',
    'LeftLeg': 'left_knee',
    'LeftFoot': 'left_ankle',
    'LeftArm': 'left_shoulder',
    'LeftForeArm': 'left_elbow',
    'LeftHand': 'left_wrist',
}


@dataclass(frozen=True)
class Motion:
    """One person's motion on the rig.

    Attributes:
        offsets: ``(B, 3)`` m from the parent's place, fixed.
        hips: ``(T, 3)`` m.
        turns: ``(T, B, 4)`` quaternions x y z w of each bone in its parent's frame.
    """

    offsets: np.ndarray
    hips: np.ndarray
    turns: np.ndarray

    def places(self) -> np.ndarray:
        """``(T, B, 3)`` m, where the bones begin."""
        from scipy.spatial.transform import Rotation  # here, as --help should not wait for it

        whole: list = []
        places = np.empty((*self.turns.shape[:2], 3))
        for b, parent in enumerate(PARENTS):
            turn = Rotation.from_quat(self.turns[:, b])
            if parent < 0:
                whole.append(turn)
                places[:, b] = self.hips
                continue
            places[:, b] = places[:, parent] + whole[parent].apply(self.offsets[b])
            whole.append(whole[parent] * turn)
        return places


def rigged(joints: np.ndarray, names: Sequence[str]) -> Motion:
    """Bones of median lengths that turn as the joints do.

    Args:
        joints: ``(T, K, 3)`` m, y up; all of COCO's are known in every frame.
        names: ``K``.
    """
    from scipy.spatial.transform import Rotation

    at = _places(np.asarray(joints, np.float64), names)
    offsets = np.zeros((len(BONES), 3))
    for b, (name, parent, way) in enumerate(BONES):
        if parent and any(way):
            apart = np.linalg.norm(at[name] - at['Hips' if parent == 'Spine' else parent], axis=-1)
            offsets[b] = np.median(apart) * np.array(way, float)
    whole = _frames(at)
    turns = np.empty((len(joints), len(BONES), 4))
    for b, (name, parent, _) in enumerate(BONES):
        turn = Rotation.from_matrix(whole[name] if name in whole else whole[parent])
        turns[:, b] = (Rotation.from_matrix(whole[parent]).inv() * turn if parent else turn).as_quat()
    return Motion(offsets, at['Hips'], _continuous(turns))


def _places(joints: np.ndarray, names: Sequence[str]) -> Dict[str, np.ndarray]:
    def joint(name: str) -> np.ndarray:
        return joints[:, names.index(name)]

    at = {bone: joint(name) for bone, name in _COCO.items()}
    at.update({f'Right{bone[4:]}': joint(name.replace('left', 'right')) for bone, name in _COCO.items()})
    at['Hips'] = at['Spine'] = (at['LeftUpLeg'] + at['RightUpLeg']) / 2
    at['Chest'] = at['Neck'] = (at['LeftArm'] + at['RightArm']) / 2
    at['LeftEar'], at['RightEar'] = joint('left_ear'), joint('right_ear')
    at['Head'] = (at['LeftEar'] + at['RightEar']) / 2
    return at


def _frames(at: Dict[str, np.ndarray]) -> Dict[str, np.ndarray]:
    """``(T, 3, 3)`` of each bone that turns: columns are its x, y and z in the room."""
    back = at['Chest'] - at['Hips']
    hips, shoulders = at['LeftUpLeg'] - at['RightUpLeg'], at['LeftArm'] - at['RightArm']
    frames = {
        'Hips': _axes(hips, back, 'x', 'y'),
        'Spine': _axes(back, hips, 'y', 'x'),
        'Chest': _axes(shoulders, back, 'x', 'y'),
        'Neck': _axes(at['Head'] - at['Neck'], at['LeftEar'] - at['RightEar'], 'y', 'x'),
    }
    for side, sign in (('Left', 1.0), ('Right', -1.0)):
        thigh, shank = at[f'{side}Leg'] - at[f'{side}UpLeg'], at[f'{side}Foot'] - at[f'{side}Leg']
        hinge = _hinge(thigh, shank, frames['Hips'][..., 0])  # a knee bends backwards, about the left
        frames[f'{side}UpLeg'], frames[f'{side}Leg'] = (_axes(-bone, hinge, 'y', 'x') for bone in (thigh, shank))
        upper, fore = at[f'{side}ForeArm'] - at[f'{side}Arm'], at[f'{side}Hand'] - at[f'{side}ForeArm']
        hinge = _hinge(upper, fore, -sign * frames['Chest'][..., 1])  # an elbow bends forwards, about down and up
        arms = (_axes(sign * bone, -sign * hinge, 'x', 'y') for bone in (upper, fore))
        frames[f'{side}Arm'], frames[f'{side}ForeArm'] = arms
    return frames


def _hinge(upper: np.ndarray, lower: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """Axis about which the lower bone has turned from the upper one, ``(T, 3)``.

    Knees and elbows bend one way only, so that it needs no sign. Where a limb is straight it does not tell its axis,
    and keeps that of before; the axis follows what it tells by and by, so that a hand cannot flip.
    """
    upper = _unit(upper)
    across = np.cross(upper, _unit(lower))
    bent = np.linalg.norm(across, axis=-1, keepdims=True)
    told = np.clip((bent - 0.15) / 0.35, 0, 1) * _FOLLOWS * across / np.maximum(bent, 1e-9)
    keeps = 1 - np.clip((bent - 0.15) / 0.35, 0, 1) * _FOLLOWS
    axes = np.empty_like(upper)
    axis = usual[0] if bent[0] < 0.15 else across[0] / bent[0]
    for t, bone in enumerate(upper):
        mixed = keeps[t] * axis + told[t]
        mixed = mixed - mixed @ bone * bone
        length = np.linalg.norm(mixed)
        axis = mixed / length if length > 0.05 else _any_across(bone, axis)
        axes[t] = axis
    return axes


def _any_across(bone: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """An axis across the bone, as near to ``axis`` as there is one."""
    for way in (axis, *np.eye(3)):
        across = way - way @ bone * bone
        if np.linalg.norm(across) > 0.05:
            break
    return across / np.linalg.norm(across)


def _axes(first: np.ndarray, second: np.ndarray, name: str, other: str) -> np.ndarray:
    """Right-handed axes of which one is ``first`` and another as near to ``second`` as it can be."""
    first = _unit(first)
    second = _unit(second - (second * first).sum(-1, keepdims=True) * first)
    axes = {name: first, other: second}
    if 'x' in axes and 'y' in axes:
        axes['z'] = np.cross(axes['x'], axes['y'])
    return np.stack([axes['x'], axes['y'], axes['z']], axis=-1)


def _continuous(turns: np.ndarray) -> np.ndarray:
    """The same rotations, each quaternion on the side of the one before."""
    apart = (turns[1:] * turns[:-1]).sum(-1) < 0
    sign = np.cumprod(np.concatenate([np.ones((1, turns.shape[1])), np.where(apart, -1.0, 1.0)]), axis=0)
    return turns * sign[..., None]


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.where(lengths > 1e-9, vectors / np.maximum(lengths, 1e-9), np.array([1.0, 0, 0]))


def filled(joints: np.ndarray, positions: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Every frame from the first to the last position: those between are interpolated.

    Returns:
        joints ``(T, K, 3)``, and whether the person is there, ``(T,)``.
    """
    every = np.arange(positions[0], positions[-1] + 1)
    flat = joints.reshape(len(joints), -1)
    whole = np.stack([np.interp(every, positions, column) for column in flat.T], axis=1)
    return whole.reshape(len(every), *joints.shape[1:]), np.isin(every, positions)
