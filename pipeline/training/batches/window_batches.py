"""Training batches of universal refiners (COCO-17 by default), whole batches at a time.

A batch mixes real errors (the hourglass on Human3.6M) with modelled errors on motion of Human3.6M and of CMU's
motion capture seen by virtual cameras, of Penn Action and of JHMDB. CMU's alone carries no clause on its use.
"""

from typing import Optional, Sequence, Tuple, Union

import numpy as np
from mmpose.registry import DATASETS

from pipeline.errors import InputError
from pipeline.reading import read_json
from pipeline.training.augmentation import augment, bodies
from pipeline.training.augmentation.definition_offset import DefinitionOffset
from pipeline.training.augmentation.error_model import ErrorModel, draw_scores, estimator_rates
from pipeline.training.augmentation.resample import cut_windows, nearest
from pipeline.training.batches.drawn_batches import DrawnBatches, cached_arrays, float_tensor
from pipeline.training.joint_sets import JOINT_SETS, JointSet, bone_parents
from pipeline.training.motion import figure_size
from pipeline.training.sources import coco_motion, h36m
from pipeline.training.sources.coco_motion import MotionBank


@DATASETS.register_module()
class UniversalWindowBatches(DrawnBatches):
    """Item i is a complete, freshly drawn batch; the same for the same seed, epoch and i.

    Use it with ``batch_size=1`` and the collate function ``first_item``.

    Args:
        h36m_root, penn_root, jhmdb_root, cmu_root: folders of the sources; only those with a share are read.
        window: ``T``.
        batch_size: ``B``.
        num_batches: batches of an epoch.
        shares: parts of a batch: real errors, virtual cameras, Penn Action, JHMDB; CMU's motion may follow (0).
        subjects: of Human3.6M.
        holdout: every n-th sequence of Penn Action and JHMDB is kept for tests; 0 keeps none.
        clean_share: part of the modelled windows whose input is the truth, unharmed.
        clean_weight: in the loss, of the joints of those that are motion capture (labels by hand
            tremble, and should not be imitated). Their errors are small, and so would be their say.
        fps_range: frame rates, log-uniform.
        rates: other values for :class:`ErrorRates`, ``estimator`` among them for those of a known one
            (:data:`pipeline.training.augmentation.error_model.ESTIMATORS`; ``hourglass`` by default); or a list of
            such, of which each window gets one; or the JSON file of either, as ``tools/research/fit_pairs.py`` writes.
        short_share: part of the windows that end early, padded as tracks shorter than a window are.
        exchange_share: part of CMU's windows that get the arms, and part that get the legs, of others.
        roll_share: part of the motion capture's windows that turn head over heels.
        proportions: standard deviation of the logarithms of bones' lengths, of CMU's motion.
        joints: 'coco17' or 'posetrack15', see :mod:`pipeline.training.joint_sets`.
        cache: folder for the prepared arrays.
        seed: of everything random.

    Raises:
        InputError: if shares are not four or five numbers of positive sum, a source is missing, or ``joints`` or
            an estimator is unknown.
    """

    def __init__(
        self,
        h36m_root: Optional[str] = None,
        penn_root: Optional[str] = None,
        jhmdb_root: Optional[str] = None,
        cmu_root: Optional[str] = None,
        window: int = 32,
        batch_size: int = 64,
        num_batches: int = 200,
        shares: Sequence[float] = (0.3, 0.3, 0.25, 0.15),
        subjects: Sequence[str] = h36m.TRAIN_SUBJECTS,
        holdout: int = 0,
        clean_share: float = 0.12,
        clean_weight: float = 1.0,
        fps_range: Tuple[float, float] = (10, 120),
        rates: Union[None, str, dict, Sequence[dict]] = None,
        short_share: float = 0.0,
        exchange_share: float = 0.0,
        roll_share: float = 0.0,
        proportions: float = 0.12,
        joints: str = 'coco17',
        cache: Optional[str] = None,
        seed: int = 0,
    ):
        if joints not in JOINT_SETS:
            raise InputError(f'joints {joints!r}: allowed are {", ".join(JOINT_SETS)}')
        if len(shares) not in (4, 5) or min(shares) < 0 or not sum(shares):
            raise InputError(f'shares {tuple(shares)}: four or five numbers from 0 up with a positive sum are needed')
        super().__init__(num_batches, seed)
        self.window, self.batch_size = window, batch_size
        self.clean_share, self.clean_weight, self.fps_range = clean_share, clean_weight, fps_range
        self.shares = np.asarray([*shares, 0.0][:5], float) / sum(shares)
        self.proportions, self.short_share, self.exchange_share = proportions, short_share, exchange_share
        self.roll_share = roll_share
        joint_set = JOINT_SETS[joints]
        skeleton = joint_set.skeleton
        self.flip = list(skeleton.flip_indices)
        self.parents = bone_parents(joint_set)
        chains = (('shoulder', 'elbow', 'wrist'), ('hip', 'knee', 'ankle'))
        self.limbs = [
            [skeleton.index(f'{side}_{part}') for part in chain] for chain in chains for side in ('left', 'right')
        ]
        self.hips = [skeleton.index(f'{side}_hip') for side in ('left', 'right')]
        if isinstance(rates, str):
            rates = read_json(rates)
        known = rates if isinstance(rates, (list, tuple)) else [rates or {}]
        self.errors = [ErrorModel(skeleton, estimator_rates(**one)) for one in known]

        def build() -> dict:
            real = virtual = penn = actions = motion = None
            if self.shares[:2].any():
                offset = fit_offset(h36m_root, subjects, joints=joint_set)
                virtual, real = coco_motion.load_h36m_motion(h36m_root, subjects, offset, seed=seed, joints=joint_set)
            if self.shares[2:4].any():
                penn, actions = coco_motion.load_picture_motion(penn_root, jhmdb_root, holdout, seed, joint_set)
            if self.shares[4]:
                motion = coco_motion.load_cmu_motion(cmu_root, seed, joint_set)
            return coco_motion.pack_banks((real, virtual, penn, actions, motion))

        key = dict(
            kind='universal-2',
            roots=(h36m_root, penn_root, jhmdb_root, cmu_root),
            used=(self.shares > 0).tolist(),
            subjects=list(subjects),
            holdout=holdout,
            seed=seed,
            **({} if joints == 'coco17' else dict(joints=joints)),
        )
        self.banks = coco_motion.unpack_banks(cached_arrays(cache, key, build))

    def draw(self, rng: np.random.Generator) -> dict:
        """``inputs``: keypoints ``(B, T, K, 2)`` px, scores ``(B, T, K)``, fps ``(B,)``; ``data_samples``:
        target and target_weight of the same shapes; torch float32."""
        counts = np.maximum(np.rint(self.shares * self.batch_size).astype(int), 0)
        counts[np.argmax(counts)] += self.batch_size - counts.sum()
        parts = [self._cut(self.banks[i], count, rng) for i, count in enumerate(counts) if count]
        truth, weight, residual, real, captured, fps = (np.concatenate(columns) for columns in zip(*parts))
        return self._finish(truth, weight, residual, real, captured, fps, rng)

    def _cut(self, bank: MotionBank, count: int, rng) -> tuple:
        """Windows of one bank: truth, weight, residual, whether these are real, whether it is motion capture, fps."""
        window = self.window
        chosen = rng.choice(len(bank.starts), count, p=bank.lengths / bank.lengths.sum())
        starts, lengths, source_fps = bank.starts[chosen], bank.lengths[chosen], bank.fps[chosen]
        real = bank.residual is not None
        room = (lengths - 1) / (window - 1)
        if real:  # whole steps: a real error interpolated would be a smoother error
            step = np.minimum(rng.integers(1, 6, count), np.maximum(np.floor(room), 1))
            fps = source_fps / step * np.exp(rng.normal(0, 0.1, count))
        else:
            fps = np.exp(rng.uniform(*np.log(self.fps_range), count))
            speed = np.clip(np.exp(rng.normal(0.1, 0.4, count)), 0.4, 3)
            step = np.minimum(source_fps / fps * speed, np.maximum(room, 0.2))
        first = rng.uniform(0, np.maximum(lengths - 1 - step * (window - 1), 1e-3))
        first = np.floor(first) if real else first
        positions = first[:, None] + step[:, None] * np.arange(window)
        truth = cut_windows(bank.truth, starts, lengths, positions)
        weight = nearest(bank.weight, starts, lengths, positions)
        captured = truth.shape[-1] == 3
        if captured:
            if bank.vary:
                truth = bodies.exchange_limbs(truth, self.limbs, self.hips, self.exchange_share, rng)
                truth = truth + augment.other_proportions(truth, self.parents, self.flip, self.proportions, rng)
            if self.roll_share:
                truth = bodies.roll_over(truth, fps, self.hips, self.roll_share, rng)
            truth = augment.virtual_view(truth, rng)
        residual = nearest(bank.residual, starts, lengths, positions) if real else np.zeros_like(truth)
        return truth, weight, residual, np.full(count, real), np.full(count, captured), fps.astype(np.float32)

    def _finish(self, truth, weight, residual, real, captured, fps, rng) -> dict:
        windows, frames = truth.shape[:2]
        truth, weight, residual = augment.mirror((truth, weight, residual), rng.random(windows) < 0.5, self.flip)
        linear = augment.random_linear(windows, rng)
        size = np.maximum(np.median(figure_size(truth, np.ones_like(weight)), axis=1), 1e-3)
        wanted = np.exp(rng.uniform(np.log(50), np.log(1500), windows)).astype(np.float32)
        linear *= (wanted / size)[:, None, None]
        truth = np.einsum('btkd,bed->btke', truth - truth.mean((1, 2), keepdims=True), linear)
        residual = np.einsum('btkd,bed->btke', residual, linear)
        size = np.median(figure_size(truth, np.ones_like(weight)), axis=1)
        truth += augment.camera_motion(frames, size, fps, rng) + rng.uniform(0, 2000, (windows, 1, 1, 2))

        severity = np.exp(rng.uniform(np.log(0.15), np.log(2.0), windows))
        clean = (rng.random(windows) < self.clean_share) & ~real
        severity[clean] = 0
        weight = weight * np.where(clean & captured, self.clean_weight, 1.0)[:, None, None]
        estimate, scores = self._spoil(truth, size, fps, severity, rng)
        estimate, scores = self._use_real_errors(truth, residual, real, size, estimate, scores, rng)
        if self.short_share:
            weight = self._end_early(estimate, scores, weight, rng)
        return dict(
            inputs=dict(keypoints=float_tensor(estimate), scores=float_tensor(scores), fps=float_tensor(fps)),
            data_samples=dict(target=float_tensor(truth), target_weight=float_tensor(weight)),
        )

    def _spoil(self, truth, size, fps, severity, rng) -> Tuple[np.ndarray, np.ndarray]:
        """Each window through one of the error models."""
        estimate, scores = np.empty_like(truth, dtype=np.float32), np.empty(truth.shape[:3], np.float32)
        whose = rng.integers(len(self.errors), size=len(truth)) if len(self.errors) > 1 else np.zeros(len(truth))
        for i, errors in enumerate(self.errors):
            rows = np.flatnonzero(whose == i)
            if len(rows):
                estimate[rows], scores[rows] = errors.apply(truth[rows], size[rows], fps[rows], severity[rows], rng)
        return estimate, scores

    def _end_early(self, estimate, scores, weight, rng) -> np.ndarray:
        """Pad some windows from a frame on as :mod:`pipeline.refine.windows` does; returns their weights."""
        frames = estimate.shape[1]
        short = np.flatnonzero(rng.random(len(estimate)) < self.short_share)
        lengths = rng.integers(3, frames, len(short))
        weight = weight.copy()
        for b, length in zip(short, lengths):
            estimate[b, length:] = estimate[b, length - 1]
            scores[b, length:] = 0
            weight[b, length:] = 0
        return weight

    def _use_real_errors(self, truth, residual, real, size, estimate, scores, rng):
        """Put the hourglass's limbs in place of the modelled ones; the face keeps its model."""
        if not real.any():
            return estimate, scores
        joints = self.banks[0].has_residual
        rows = np.ix_(np.flatnonzero(real), np.arange(truth.shape[1]), np.flatnonzero(joints))
        estimate[rows] = (truth + residual)[rows]
        error = np.linalg.norm(residual[real], axis=-1) / size[real][:, None, None]
        scores[rows] = draw_scores(error, rng)[:, :, joints]
        return estimate, scores


def fit_offset(
    root: str, subjects: Sequence[str], follow_pose: bool = True, joints: JointSet = coco_motion.COCO17
) -> DefinitionOffset:
    """The hourglass's difference of definitions on a set's real joints, from training subjects."""

    def pairs():
        for recording in h36m.load_recordings(root, subjects):
            yield (
                recording.estimate[::25, joints.hourglass],
                recording.camera.project(recording.world[::25, joints.h36m]),
            )

    return DefinitionOffset.fit(pairs(), follow_pose, step=1)
