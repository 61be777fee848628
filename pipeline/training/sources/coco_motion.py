"""All sources as motion of one joint set (COCO's by default), in flat arrays that windows are cut from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

from pipeline.training.augmentation.definition_offset import DefinitionOffset
from pipeline.training.augmentation.face import attach_face, unit, wandering_yaw
from pipeline.training.joint_sets import H36M_LIMBS, JOINT_SETS, LIMBS, JointSet
from pipeline.training.motion import PoseSequence, figure_size, split_holdout
from pipeline.training.sources import cmu, h36m, jhmdb, penn_action

FACE_WEIGHT = 0.5  # a synthetic joint is half a truth
COCO17 = JOINT_SETS['coco17']


@dataclass
class MotionBank:
    """Sequences laid end to end.

    Attributes:
        truth: ``(N, K, D)`` float32: px for D = 2; for D = 3 world mm, z up.
        weight: ``(N, K)`` float32.
        starts, lengths: ``(S,)`` int, frames of each sequence.
        fps: ``(S,)`` float32.
        residual: ``(N, K, 2)`` float32 px, a real estimator's error with the constant
            difference of joint definitions taken out; None where no estimator ran.
        vary: whether bodies are given other proportions.
        has_residual: ``(K,)`` bool, joints that ``residual`` speaks of.
    """

    truth: np.ndarray
    weight: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray
    fps: np.ndarray
    residual: np.ndarray = None
    has_residual: np.ndarray = None
    vary: bool = False


def _bank(
    truths: Sequence[np.ndarray],
    weights: Sequence[np.ndarray],
    fps: Sequence[float],
    residuals: Sequence[np.ndarray] = (),
    real: Sequence[int] = (),
) -> MotionBank:
    lengths = np.array([len(t) for t in truths])
    bank = MotionBank(
        np.concatenate(truths),
        np.concatenate(weights),
        np.cumsum(lengths) - lengths,
        lengths,
        np.asarray(fps, np.float32),
    )
    if len(residuals):
        bank.residual = np.concatenate(residuals)
        bank.has_residual = np.isin(np.arange(bank.truth.shape[1]), real)
    return bank


def pack_banks(banks: Sequence[Optional[MotionBank]]) -> Dict[str, np.ndarray]:
    """Banks as flat arrays by name, for a cache; :func:`unpack_banks` reads them. None is left out."""
    return {
        f'{i}/{name}': np.asarray(value)
        for i, bank in enumerate(banks)
        if bank is not None
        for name, value in vars(bank).items()
        if value is not None
    }


def unpack_banks(arrays: Dict[str, np.ndarray]) -> Dict[int, MotionBank]:
    """The inverse of :func:`pack_banks`: each bank by its place."""
    banks: Dict[int, dict] = {}
    for key, value in arrays.items():
        index, name = key.split('/')
        banks.setdefault(int(index), {})[name] = value
    return {i: MotionBank(**found) for i, found in banks.items()}


def h36m_as(world: np.ndarray, rng: np.random.Generator, joints: JointSet = COCO17) -> np.ndarray:
    """Human3.6M's joints ``(T, 17, 3)`` in mm as those of a set, ``(T, K, 3)``; the face is synthetic."""
    head = world[:, 10] - world[:, 8]  # thorax to head top
    up = unit(head)
    left = world[:, 11] - world[:, 14]
    left = unit(left - (left * up).sum(-1, keepdims=True) * up)
    forward = np.cross(left, up)
    height = 0.75 * np.linalg.norm(head, axis=-1)
    yaw = wandering_yaw(len(world), h36m.FPS, 0.3, rng)
    face = attach_face(world[:, 8] + 0.6 * head, forward, left, up, height, yaw, joints.shape)
    pose = np.concatenate([face, world[:, H36M_LIMBS]], axis=1).astype(np.float32)
    pose[:, joints.real] = world[:, joints.h36m]
    return pose


def load_h36m_motion(
    folder: Union[str, Path],
    subjects: Sequence[str],
    offset: DefinitionOffset,
    exclude_groups: Sequence[str] = (),
    seed: int = 0,
    joints: JointSet = COCO17,
) -> Tuple[MotionBank, MotionBank]:
    """Human3.6M twice: 3D motion for virtual cameras, and 2D with the hourglass's real errors.

    Args:
        folder, subjects: as :func:`pipeline.training.sources.h36m.load_recordings`.
        offset: the difference of joint definitions that is taken out of the real errors.
        exclude_groups: ``SUBJECT/ACTION`` names kept for validation.
        seed: of the synthetic heads.
        joints: of the motion.
    """
    rng = np.random.default_rng(seed)
    motion, views, residuals, last = [], [], [], None
    exclude = h36m.MISALIGNED + tuple(exclude_groups)
    for recording in h36m.load_recordings(folder, subjects, exclude):
        key = (recording.subject, recording.action)
        if key != last:
            motion.append(h36m_as(recording.world, rng, joints))
            last = key
        view = recording.camera.project(motion[-1]).astype(np.float32)
        residual = np.zeros_like(view)
        truth = view[:, joints.real]
        residual[:, joints.real] = offset.remove(recording.estimate[:, joints.hourglass], truth) - truth
        views.append(view)
        residuals.append(residual)
    weight = np.full(len(joints.names), FACE_WEIGHT, np.float32)
    weight[joints.real] = 1
    spread = [np.broadcast_to(weight, p.shape[:2]) for p in motion]
    view_spread = [np.broadcast_to(weight, p.shape[:2]) for p in views]
    return (
        _bank(motion, spread, [h36m.FPS] * len(motion)),
        _bank(views, view_spread, [h36m.FPS] * len(views), residuals, joints.real),
    )


def load_cmu_motion(folder: Union[str, Path], seed: int = 0, joints: JointSet = COCO17) -> MotionBank:
    """CMU's motion capture as 3D motion of a joint set, mm."""
    rng = np.random.default_rng(seed)
    motion = [(cmu.joints_as(world, fps, rng, joints), fps) for _, world, fps in cmu.acted_sequences(folder)]
    weight = np.where(np.isin(joints.names, LIMBS), 1, FACE_WEIGHT).astype(np.float32)
    bank = _bank(
        [1000 * posed for posed, _ in motion],
        [np.broadcast_to(weight, posed.shape[:2]) for posed, _ in motion],
        [fps for _, fps in motion],
    )
    bank.vary = True
    return bank


def from_picture(
    sequence: PoseSequence, names: Sequence[str], head: str, rng: np.random.Generator, joints: JointSet = COCO17
) -> Tuple[np.ndarray, np.ndarray]:
    """A 2D source as the joints of a set: ``(T, K, 2)`` and weights ``(T, K)``; the head is synthetic."""
    limbs = [names.index(name) for name in LIMBS]
    truth, weight = sequence.truth[:, limbs], sequence.weight[:, limbs]
    centre = sequence.truth[:, names.index(head)]
    neck = truth[:, :2].mean(1)
    up = unit(centre - neck)
    # the picture does not tell which way the head looks; shoulders tell the side at least
    sign = np.sign(((truth[:, 0] - truth[:, 1]) * _perpendicular(up)).sum(-1).mean()) or 1.0
    yaw = rng.uniform(-1.2, 1.2) + wandering_yaw(len(truth), sequence.fps, 0.3, rng)
    height = np.full(len(truth), 0.13 * np.median(figure_size(sequence.truth, sequence.weight)), np.float32)
    face = attach_face(centre, np.zeros_like(up), sign * _perpendicular(up), up, height, yaw, joints.shape)
    seen = sequence.weight[:, names.index(head), None] * np.full(len(joints.head), FACE_WEIGHT, np.float32)
    return np.concatenate([face, truth], 1).astype(np.float32), np.concatenate([seen, weight], 1).astype(np.float32)


def load_picture_motion(
    penn_folder: Union[str, Path],
    jhmdb_folder: Union[str, Path],
    holdout: int = 0,
    seed: int = 0,
    joints: JointSet = COCO17,
) -> Tuple[MotionBank, MotionBank]:
    """Penn Action and JHMDB as motion of a joint set, px, without every ``holdout``-th sequence."""
    return tuple(
        _bank([s.truth for s in kept], [s.weight for s in kept], [s.fps for s in kept])
        for kept, _ in load_picture_sequences(penn_folder, jhmdb_folder, holdout, seed, joints)
    )


def load_picture_sequences(
    penn_folder: Union[str, Path],
    jhmdb_folder: Union[str, Path],
    holdout: int = 0,
    seed: int = 0,
    joints: JointSet = COCO17,
) -> Tuple[Tuple[List[PoseSequence], List[PoseSequence]], ...]:
    """Penn Action and JHMDB with the joints of a set, each as (training, held out) sequences of 8 frames or more."""
    rng = np.random.default_rng(seed)
    sources = []
    for sequences, names, head in (
        (penn_action.load_penn_action(penn_folder), penn_action.NAMES, 'head'),
        (jhmdb.load_jhmdb(jhmdb_folder), jhmdb.NAMES, 'face'),
    ):
        posed = [
            PoseSequence(s.name, *from_picture(s, names, head, rng, joints), s.fps, group=s.group)
            for s in sequences
            if len(s) >= 8
        ]
        sources.append(split_holdout(posed, holdout))
    return tuple(sources)


def _perpendicular(vectors: np.ndarray) -> np.ndarray:
    return np.stack([vectors[..., 1], -vectors[..., 0]], axis=-1)
