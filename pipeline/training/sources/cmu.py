"""CMU's motion capture: 3D motion that may be used, modified and passed on by anybody (mocap.cs.cmu.edu).

Weights trained on it alone carry no clause, unlike those trained on Human3.6M, Penn Action and JHMDB. The file has
joints of a capture skeleton of rigid bones, no surface and no face. Legend: ``T`` frames, ``K`` joints.
"""

from pathlib import Path
from typing import List, Sequence, Tuple, Union

import numpy as np

from pipeline.errors import InputError
from pipeline.formats.npz import open_npz
from pipeline.lift.lifting import STATURE
from pipeline.training.augmentation.face import attach_face, unit, wandering_yaw
from pipeline.training.joint_sets import JOINT_SETS, JointSet
from pipeline.training.motion import WHERE

#: the 21 joints of every sequence, in the file's order
NAMES = (
    'pelvis',
    'right_hip',
    'right_knee',
    'right_ankle',
    'right_toe',
    'left_hip',
    'left_knee',
    'left_ankle',
    'left_toe',
    'spine',
    'thorax',
    'neck',
    'head',
    'right_shoulder',
    'right_elbow',
    'right_wrist',
    'right_hand',
    'left_shoulder',
    'left_elbow',
    'left_wrist',
    'left_hand',
)
#: name, joints ``(T, 21, 3)`` float32 in metres with z up, frames per second
Motion = Tuple[str, np.ndarray, float]

# Lengths of an adult's segments, in parts of the stature: Winter, "Biomechanics and Motor Control of Human Movement",
# figure 4.1 (after Drillis and Contini). Widths are those between joint centres, narrower than between the bones' rims.
# The head's centre is between the ears.
THIGH, SHANK, UPPER_ARM, FOREARM = 0.245, 0.246, 0.186, 0.146
TRUNK, SHOULDERS, HIPS, NECK = 0.288, 0.205, 0.115, 0.116
_LEAST_FRAMES = 60
_HEAD_HEIGHT = 0.13  # of the stature, chin to crown


def load_sequences(folder: Union[str, Path]) -> List[Motion]:
    """Every sequence of ``mocap.npz``: its name (such as ``salsa_01``), joints in the order of :data:`NAMES`, rate.

    The first frames of many are a pose with arms spread, which the actors did not take: :func:`without_rest_pose`.

    Args:
        folder: holds ``mocap.npz``: ``NAME/joints``, differences along time of tenths of a millimetre with y up, and
            ``NAME/fps``.

    Raises:
        InputError: if the file is missing or broken, or has other joints.
    """
    path = Path(folder) / 'mocap.npz'
    if not path.is_file():
        raise InputError(f'{path}: not found; the folder of CMU motion must hold mocap.npz ({WHERE})')
    with open_npz(path, 'motion of CMU') as arrays:
        if tuple(arrays['names']) != NAMES:
            raise InputError(f'{path}: names are not the 21 joints from pelvis to left_hand')
        keys = sorted(key[: -len('/joints')] for key in arrays.files if key.endswith('/joints'))
        return [(key, _z_up(arrays[f'{key}/joints']), float(arrays[f'{key}/fps'])) for key in keys]


def acted_sequences(folder: Union[str, Path]) -> List[Motion]:
    """What actors did: sequences of 60 frames or more, without the pose that the capture begins with.

    Args:
        folder: as for :func:`load_sequences`.

    Raises:
        InputError: as there.
    """
    return [motion for motion in without_rest_pose(load_sequences(folder)) if len(motion[1]) >= _LEAST_FRAMES]


def _z_up(differences: np.ndarray) -> np.ndarray:
    x, y, z = np.moveaxis(np.cumsum(differences, axis=0, dtype=np.int32), -1, 0)
    return (np.stack([x, -z, y], axis=-1) / 1e4).astype(np.float32)


def joints_as(
    joints: np.ndarray,
    fps: float,
    rng: np.random.Generator,
    joint_set: JointSet = JOINT_SETS['coco17'],
    stature: float = STATURE,
) -> np.ndarray:
    """The capture's motion on the joints of a set; the face is synthetic.

    The capture skeletons differ (shoulders are 0.23 to 0.40 m apart), and their wrists are none: bones keep their
    directions and get an adult's lengths.

    Args:
        joints: ``(T, 21, 3)`` as :func:`load_sequences` gives them.
        fps: of them, for the turning head.
        rng: of the head's turns.
        joint_set: whose joints are wanted.
        stature: m, which lengths follow.

    Returns:
        ``(T, K, 3)`` float32, metres, z up.
    """

    def at(name: str) -> np.ndarray:
        return joints[:, NAMES.index(name)].astype(np.float64)

    hips, shoulders = ((at(f'left_{part}') + at(f'right_{part}')) / 2 for part in ('hip', 'shoulder'))
    trunk = shoulders - hips
    neck = hips + trunk * (TRUNK * stature / _median_length(trunk))
    posed = {}
    for side in ('left', 'right'):
        across = at(f'{side}_shoulder') - shoulders
        posed[f'{side}_shoulder'] = neck + across * (SHOULDERS / 2 * stature / _median_length(across))
        posed[f'{side}_hip'] = hips + unit(at(f'{side}_hip') - hips) * (HIPS / 2 * stature)
        # the forearm is two bones of the skeleton; what lies between the elbow and the hand's root is one in a body
        wrist = (at(f'{side}_wrist') + at(f'{side}_hand')) / 2
        for above, below, end, length in (
            ('hip', 'knee', at(f'{side}_knee'), THIGH),
            ('knee', 'ankle', at(f'{side}_ankle'), SHANK),
            ('shoulder', 'elbow', at(f'{side}_elbow'), UPPER_ARM),
            ('elbow', 'wrist', wrist, FOREARM),
        ):
            bone = unit(end - at(f'{side}_{above}'))
            posed[f'{side}_{below}'] = posed[f'{side}_{above}'] + bone * (length * stature)
    head = neck + unit(at('head') - shoulders) * (NECK * stature)
    up = unit(unit(at('head') - shoulders) + unit(at('head') - at('neck')))
    left = at('left_shoulder') - at('right_shoulder')
    left = unit(left - (left * up).sum(-1, keepdims=True) * up)
    height = np.full(len(joints), _HEAD_HEIGHT * stature)
    yaw = wandering_yaw(len(joints), fps, 0.3, rng)
    face = attach_face(head, np.cross(left, up), left, up, height, yaw, joint_set.shape)
    limbs = np.stack([posed[name] for name in joint_set.names[len(joint_set.head) :]], axis=1)
    return np.concatenate([face, limbs], axis=1).astype(np.float32)


def without_rest_pose(motion: Sequence[Motion], spread: float = 0.97) -> List[Motion]:
    """Cut off the frames at the beginning in which both arms are stretched out, as no actor began.

    Args:
        motion: of :func:`load_sequences`.
        spread: distance of the hands that counts as stretched out, of the arms' and shoulders' length.
    """
    cut = []
    for name, joints, fps in motion:
        hands = [NAMES.index(f'{side}_{part}') for side in ('left', 'right') for part in ('hand', 'elbow', 'shoulder')]
        left, left_elbow, left_shoulder, right, right_elbow, right_shoulder = (joints[:, k] for k in hands)
        chain = (left, left_elbow, left_shoulder, right_shoulder, right_elbow, right)
        reach = sum(np.linalg.norm(a - b, axis=-1) for a, b in zip(chain, chain[1:]))
        spreading = np.linalg.norm(left - right, axis=-1) > spread * reach
        first = int(np.argmin(spreading)) if spreading[0] else 0
        cut.append((name, joints[first:], fps))
    return cut


def _median_length(vectors: np.ndarray) -> float:
    return float(np.median(np.linalg.norm(vectors, axis=-1)))
