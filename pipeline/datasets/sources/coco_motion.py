"""All sources as COCO-17 motion, in flat arrays that windows are cut from."""
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Sequence, Tuple, Union

import numpy as np

from pipeline.datasets.definition_offset import DefinitionOffset
from pipeline.datasets.face import attach_face, unit, wandering_yaw
from pipeline.datasets.sequences import PoseSequence, figure_size, split_holdout
from pipeline.datasets.sources import h36m, jhmdb, penn_action

FACE_WEIGHT = 0.5  # a synthetic joint is half a truth
# COCO's 12 limb joints (index 5 to 16) in each source's own order
COCO_LIMBS = ('left_shoulder', 'right_shoulder', 'left_elbow', 'right_elbow', 'left_wrist', 'right_wrist',
              'left_hip', 'right_hip', 'left_knee', 'right_knee', 'left_ankle', 'right_ankle')
H36M_LIMBS = (11, 14, 12, 15, 13, 16, 4, 1, 5, 2, 6, 3)


@dataclass
class MotionBank:
    """Sequences laid end to end.

    Attributes:
        truth: ``(N, 17, D)`` float32: px for D = 2; for D = 3 world mm, z up.
        weight: ``(N, 17)`` float32.
        starts, lengths: ``(S,)`` int, frames of each sequence.
        fps: ``(S,)`` float32.
        residual: ``(N, 17, 2)`` float32 px, a real estimator's error with the constant
            difference of joint definitions taken out; None where no estimator ran.
        has_residual: ``(17,)`` bool, joints that ``residual`` speaks of.
    """
    truth: np.ndarray
    weight: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray
    fps: np.ndarray
    residual: np.ndarray = None
    has_residual: np.ndarray = None


def _bank(truths: Sequence[np.ndarray], weights: Sequence[np.ndarray], fps: Sequence[float],
          residuals: Sequence[np.ndarray] = ()) -> MotionBank:
    lengths = np.array([len(t) for t in truths])
    bank = MotionBank(np.concatenate(truths), np.concatenate(weights), np.cumsum(lengths) - lengths, lengths,
                      np.asarray(fps, np.float32))
    if len(residuals):
        bank.residual = np.concatenate(residuals)
        bank.has_residual = np.arange(17) >= 5
    return bank


def pack_banks(banks: Sequence[MotionBank]) -> Dict[str, np.ndarray]:
    """Banks as flat arrays by name, for a cache; :func:`unpack_banks` reads them."""
    return {f'{i}/{name}': value for i, bank in enumerate(banks) for name, value in vars(bank).items()
            if value is not None}


def unpack_banks(arrays: Dict[str, np.ndarray]) -> Tuple[MotionBank, ...]:
    """The inverse of :func:`pack_banks`."""
    banks = {}
    for key, value in arrays.items():
        index, name = key.split('/')
        banks.setdefault(int(index), {})[name] = value
    return tuple(MotionBank(**banks[i]) for i in sorted(banks))


def h36m_coco(world: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Human3.6M's joints ``(T, 17, 3)`` in mm as COCO's ``(T, 17, 3)``, with a synthetic face."""
    head = world[:, 10] - world[:, 8]  # thorax to head top
    up = unit(head)
    left = world[:, 11] - world[:, 14]
    left = unit(left - (left * up).sum(-1, keepdims=True) * up)
    forward = np.cross(left, up)
    height = 0.75 * np.linalg.norm(head, axis=-1)
    yaw = wandering_yaw(len(world), h36m.FPS, 0.3, rng)
    face = attach_face(world[:, 8] + 0.6 * head, forward, left, up, height, yaw)
    return np.concatenate([face, world[:, H36M_LIMBS]], axis=1).astype(np.float32)


def load_h36m_motion(folder: Union[str, Path], subjects: Sequence[str], offset: DefinitionOffset,
                     exclude_groups: Sequence[str] = (), seed: int = 0) -> Tuple[MotionBank, MotionBank]:
    """Human3.6M twice: 3D motion for virtual cameras, and 2D with the hourglass's real errors.

    Args:
        folder, subjects: as :func:`pipeline.datasets.sources.h36m.load_recordings`.
        offset: the difference of joint definitions that is taken out of the real errors.
        exclude_groups: ``SUBJECT/ACTION`` names kept for validation.
        seed: of the synthetic heads.
    """
    rng = np.random.default_rng(seed)
    motion, views, residuals, last = [], [], [], None
    limbs = [h36m.MPII_NAMES.index(name) for name in COCO_LIMBS]
    exclude = h36m.MISALIGNED + tuple(exclude_groups)
    for recording in h36m.load_recordings(folder, subjects, exclude):
        key = (recording.subject, recording.action)
        if key != last:
            motion.append(h36m_coco(recording.world, rng))
            last = key
        view = recording.camera.project(motion[-1]).astype(np.float32)
        residual = np.zeros_like(view)
        residual[:, 5:] = offset.remove(recording.estimate[:, limbs], view[:, 5:]) - view[:, 5:]
        views.append(view)
        residuals.append(residual)
    weight = np.ones(17, np.float32)
    weight[:5] = FACE_WEIGHT
    spread = [np.broadcast_to(weight, p.shape[:2]) for p in motion]
    view_spread = [np.broadcast_to(weight, p.shape[:2]) for p in views]
    return (_bank(motion, spread, [h36m.FPS] * len(motion)),
            _bank(views, view_spread, [h36m.FPS] * len(views), residuals))


def coco_from_picture(sequence: PoseSequence, names: Sequence[str], head: str,
                      rng: np.random.Generator) -> Tuple[np.ndarray, np.ndarray]:
    """A 2D source as COCO's joints: ``(T, 17, 2)`` and weights ``(T, 17)``; the face is synthetic."""
    limbs = [names.index(name) for name in COCO_LIMBS]
    truth, weight = sequence.truth[:, limbs], sequence.weight[:, limbs]
    centre = sequence.truth[:, names.index(head)]
    neck = truth[:, :2].mean(1)
    up = unit(centre - neck)
    # the picture does not tell which way the head looks; shoulders tell the side at least
    sign = np.sign(((truth[:, 0] - truth[:, 1]) * _perpendicular(up)).sum(-1).mean()) or 1.0
    yaw = rng.uniform(-1.2, 1.2) + wandering_yaw(len(truth), sequence.fps, 0.3, rng)
    height = np.full(len(truth), 0.13 * np.median(figure_size(sequence.truth, sequence.weight)), np.float32)
    face = attach_face(centre, np.zeros_like(up), sign * _perpendicular(up), up, height, yaw)
    seen = sequence.weight[:, names.index(head), None] * np.full(5, FACE_WEIGHT, np.float32)
    return np.concatenate([face, truth], 1).astype(np.float32), np.concatenate([seen, weight], 1).astype(np.float32)


def load_picture_motion(penn_folder: Union[str, Path], jhmdb_folder: Union[str, Path],
                        holdout: int = 0, seed: int = 0) -> Tuple[MotionBank, MotionBank]:
    """Penn Action and JHMDB as COCO-17 motion, px, without every ``holdout``-th sequence."""
    return tuple(_bank([s.truth for s in kept], [s.weight for s in kept], [s.fps for s in kept])
                 for kept, _ in load_picture_sequences(penn_folder, jhmdb_folder, holdout, seed))


def load_picture_sequences(penn_folder: Union[str, Path], jhmdb_folder: Union[str, Path], holdout: int = 0,
                           seed: int = 0) -> Tuple[Tuple[List[PoseSequence], List[PoseSequence]], ...]:
    """Penn Action and JHMDB with COCO's joints, each as (training, held out) sequences of 8 frames or more."""
    rng = np.random.default_rng(seed)
    sources = []
    for sequences, names, head in ((penn_action.load_penn_action(penn_folder), penn_action.NAMES, 'head'),
                                   (jhmdb.load_jhmdb(jhmdb_folder), jhmdb.NAMES, 'face')):
        posed = [PoseSequence(s.name, *coco_from_picture(s, names, head, rng), s.fps, group=s.group)
                 for s in sequences if len(s) >= 8]
        sources.append(split_holdout(posed, holdout))
    return tuple(sources)


def _perpendicular(vectors: np.ndarray) -> np.ndarray:
    return np.stack([vectors[..., 1], -vectors[..., 0]], axis=-1)
