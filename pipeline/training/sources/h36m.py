"""Human3.6M: 3D truth, its four calibrated cameras, and a real Stacked Hourglass's 2D output.

The files hold one npz for each subject, integer arrays of frame differences (see
:func:`load_subject`), and ``cameras.json``.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Sequence, Tuple, Union

import numpy as np

from pipeline.errors import InputError
from pipeline.formats.npz import open_npz
from pipeline.reading import read_json
from pipeline.training.joint_sets import JOINT_SETS, JointSet
from pipeline.training.joint_sets import MPII_NAMES as MPII_NAMES  # the hourglass's joints
from pipeline.training.motion import WHERE, PoseSequence

FPS = 50.0
TRAIN_SUBJECTS = ('S1', 'S5', 'S6', 'S7', 'S8')
TEST_SUBJECTS = ('S9', 'S11')
# In these the truth is shifted by 34 to 52 px against the pictures.
MISALIGNED = ('S9/SittingDown_1', 'S9/Waiting_1', 'S9/Greeting')

# Human3.6M joint (MMPose's order) of each of the hourglass's 16 joints (MPII order).
MPII_FROM_H36M = (3, 2, 1, 4, 5, 6, 0, 8, 9, 10, 16, 15, 14, 11, 12, 13)
MPII_FLIP = (5, 4, 3, 2, 1, 0, 6, 7, 8, 9, 15, 14, 13, 12, 11, 10)
# The 17 joints of the 3D truth; the joints that they hang on, and their mirror joints.
H36M_NAMES = (
    'pelvis',
    'right_hip',
    'right_knee',
    'right_foot',
    'left_hip',
    'left_knee',
    'left_foot',
    'spine',
    'thorax',
    'neck_base',
    'head',
    'left_shoulder',
    'left_elbow',
    'left_wrist',
    'right_shoulder',
    'right_elbow',
    'right_wrist',
)
H36M_PARENTS = (0, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15)
H36M_FLIP = (0, 4, 5, 6, 1, 2, 3, 7, 8, 9, 10, 14, 15, 16, 11, 12, 13)
# Shoulders, elbows, wrists, hips, knees, ankles: defined alike enough to be compared.
MPII_LIMBS = (0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15)


@dataclass(frozen=True)
class Camera:
    """A calibrated camera with radial and tangential distortion.

    Attributes:
        rotation: ``(3, 3)`` world to camera.
        centre: ``(3,)`` mm in the world.
        focal, principal: ``(2,)`` px.
        radial: ``(3,)`` k1 k2 k3.
        tangential: ``(2,)`` p1 p2.
    """

    rotation: np.ndarray
    centre: np.ndarray
    focal: np.ndarray
    principal: np.ndarray
    radial: np.ndarray
    tangential: np.ndarray

    @classmethod
    def from_dict(cls, values: dict) -> 'Camera':
        return cls(*(np.asarray(values[key], np.float64) for key in ('R', 'centre_mm', 'f', 'c', 'k', 'p')))

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """World mm ``(..., 3)`` to camera mm ``(..., 3)``."""
        return (points - self.centre) @ self.rotation.T

    def project(self, points: np.ndarray) -> np.ndarray:
        """World mm ``(..., 3)`` to px ``(..., 2)``, by the Brown-Conrady model."""
        x = self.to_camera(np.asarray(points, np.float64))
        u = x[..., :2] / x[..., 2:]
        r2 = (u**2).sum(-1, keepdims=True)
        k1, k2, k3 = self.radial
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        p1, p2 = self.tangential
        tangential = p1 * u[..., 1:] + p2 * u[..., :1]
        return self.focal * (u * (radial + tangential) + r2 * np.array([p2, p1])) + self.principal

    def rays(self, pixels: np.ndarray) -> np.ndarray:
        """Px ``(..., 2)`` to x / z and y / z of the directions that they show, without the lens's distortion."""
        seen = (np.asarray(pixels, np.float64) - self.principal) / self.focal
        (k1, k2, k3), (p1, p2) = self.radial, self.tangential
        u = seen
        for _ in range(5):  # a fixed point; these lenses bend by a few per cent
            r2 = (u**2).sum(-1, keepdims=True)
            bend = 1 + r2 * (k1 + r2 * (k2 + r2 * k3)) + p1 * u[..., 1:] + p2 * u[..., :1]
            u = (seen - r2 * np.array([p2, p1])) / bend
        return u


@dataclass(frozen=True)
class Recording:
    """One action seen by one camera.

    Attributes:
        subject, action, camera_name: such as ``S9``, ``Walking_1``, ``54138969``.
        world: ``(T, 17, 3)`` float32 mm, MMPose's Human3.6M joints.
        estimate: ``(T, 16, 2)`` float32 px, the hourglass's joints in MPII order.
    """

    subject: str
    action: str
    camera_name: str
    camera: Camera
    world: np.ndarray
    estimate: np.ndarray

    @property
    def name(self) -> str:
        return f'{self.subject}/{self.action}/{self.camera_name}'


def load_cameras(folder: Union[str, Path]) -> dict:
    """``{'S1/54138969': Camera}`` from ``cameras.json``.

    Raises:
        InputError: if the file is missing or broken.
    """
    path = Path(folder) / 'cameras.json'
    if not path.is_file():
        raise InputError(f'{path}: not found; the folder of Human3.6M pairs must hold cameras.json ({WHERE})')
    try:
        return {name: Camera.from_dict(values) for name, values in read_json(path).items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f'{path}: not the cameras of Human3.6M ({type(error).__name__}: {error})') from error


def load_recordings(
    folder: Union[str, Path], subjects: Sequence[str], exclude: Sequence[str] = MISALIGNED, every: int = 1
) -> Iterator[Recording]:
    """Every (action, camera) pair of ``subjects`` that has an estimate of the truth's length.

    Args:
        folder: holds ``S1.npz`` ... and ``cameras.json``.
        subjects: such as :data:`TRAIN_SUBJECTS`.
        exclude: ``SUBJECT/ACTION`` names to leave out.
        every: take every n-th pair of a subject only.

    Raises:
        InputError: if a file is missing or broken, or a camera is not known.
    """
    cameras = load_cameras(folder)
    for subject in subjects:
        path = Path(folder) / f'{subject}.npz'
        if not path.is_file():
            raise InputError(f'{path}: not found; subjects are {", ".join(TRAIN_SUBJECTS + TEST_SUBJECTS)} ({WHERE})')
        with open_npz(path, "a subject's recordings of Human3.6M") as arrays:
            yield from _subject_recordings(arrays, subject, cameras, set(exclude), every)


def _subject_recordings(arrays, subject, cameras, exclude, every) -> Iterator[Recording]:
    for key in sorted(name for name in arrays.files if '/sh2d/' in name)[::every]:
        action, _, camera_name = key.split('/')
        if f'{subject}/{action}' in exclude or f'{action}/gt3d' not in arrays.files:
            continue
        world = _restore(arrays[f'{action}/gt3d']).astype(np.float32) / 10
        estimate = _restore(arrays[key]).astype(np.float32)
        if f'{subject}/{camera_name}' not in cameras:
            raise InputError(f'{subject}/{action}: its camera {camera_name} is not in cameras.json')
        if len(world) == len(estimate):
            yield Recording(subject, action, camera_name, cameras[f'{subject}/{camera_name}'], world, estimate)


def camera_poses(recording: Recording) -> np.ndarray:
    """The truth as its camera sees it, relative to the pelvis, ``(T, 17, 3)`` float32 mm; x right, y down, z ahead."""
    turned = recording.world.astype(np.float64) @ recording.camera.rotation.T
    return (turned - turned[:, :1]).astype(np.float32)


def _restore(differences: np.ndarray) -> np.ndarray:
    return np.cumsum(differences, axis=0, dtype=np.int32)


def load_h36m_2d(
    folder: Union[str, Path], subjects: Sequence[str], exclude: Sequence[str] = MISALIGNED, every: int = 1
) -> Tuple[PoseSequence, ...]:
    """The 16 hourglass joints: real estimates and projected truth, px, at 50 fps.

    Joint order: :data:`MPII_NAMES`. Groups are ``SUBJECT/ACTION`` (all cameras together).
    """
    return tuple(_to_sequence(recording) for recording in load_recordings(folder, subjects, exclude, every))


def load_h36m_universal(
    folder: Union[str, Path],
    subjects: Sequence[str],
    joints: str = 'coco17',
    exclude: Sequence[str] = MISALIGNED,
    every: int = 1,
) -> Tuple[PoseSequence, ...]:
    """The same on the joints of a universal refiner; those that Human3.6M or the hourglass lacks have weight 0.

    Args:
        joints: a name of :data:`pipeline.training.joint_sets.JOINT_SETS`.

    Raises:
        InputError: if ``joints`` is unknown, or as :func:`load_recordings`.
    """
    if joints not in JOINT_SETS:
        raise InputError(f'joints {joints!r}: allowed are {", ".join(JOINT_SETS)}')
    chosen = JOINT_SETS[joints]
    return tuple(_to_joint_set(recording, chosen) for recording in load_recordings(folder, subjects, exclude, every))


def _to_joint_set(recording: Recording, joints: JointSet) -> PoseSequence:
    shape = len(recording.world), len(joints.names)
    truth, estimate = (np.full((*shape, 2), np.nan, np.float32) for _ in range(2))
    truth[:, joints.real] = recording.camera.project(recording.world[:, joints.h36m])
    estimate[:, joints.real] = recording.estimate[:, joints.hourglass]
    weight = np.isfinite(truth).all(-1).astype(np.float32)
    return PoseSequence(
        recording.name, truth, weight, FPS, estimate, f'{recording.subject}/{recording.action}', scores=weight
    )


def _to_sequence(recording: Recording) -> PoseSequence:
    truth = recording.camera.project(recording.world[:, MPII_FROM_H36M]).astype(np.float32)
    return PoseSequence(
        recording.name,
        truth,
        np.ones(truth.shape[:2], np.float32),
        FPS,
        recording.estimate,
        f'{recording.subject}/{recording.action}',
    )
