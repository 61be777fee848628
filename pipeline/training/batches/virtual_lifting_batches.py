"""Training batches for temporal lifters: motion capture, seen by virtual cameras, as an estimator would give it."""

import re
from typing import List, Optional, Sequence, Tuple

import numpy as np
from mmpose.registry import DATASETS
from scipy.ndimage import gaussian_filter1d

from pipeline.errors import InputError
from pipeline.training.augmentation import bodies
from pipeline.training.augmentation.augment import mirror
from pipeline.training.augmentation.error_model import ErrorModel, estimator_rates
from pipeline.training.augmentation.resample import cut_windows, draw_windows
from pipeline.training.batches.drawn_batches import DrawnBatches, cached_arrays, float_tensor
from pipeline.training.joint_sets import JOINT_SETS
from pipeline.training.motion import figure_size
from pipeline.training.sources import cmu

_PIXELS = 1000.0  # focal length, for the error model, which thinks in px


@DATASETS.register_module()
class VirtualLiftingBatches(DrawnBatches):
    """Item i is a complete batch of windows of COCO's joints. Collate with ``first_item``, ``batch_size=1``.

    Args:
        folder: of the motion, see ``motion``.
        motion: 'cmu' (free) or 'h36m' (academic use).
        subjects: of Human3.6M.
        window: ``T``, frames at ``rate``.
        batch_size: ``B``.
        num_batches: batches of an epoch.
        rate: frames per second.
        body_spread: of the logarithms of bone lengths.
        mixed, lying: shares of the windows with another's trunk, and lying down or upside down.
        cut: share of the windows in which an edge of the picture cuts the figure.
        lens: standard deviation of the logarithm by which the focal length is mistaken, in half of the windows.
        severity: of the estimator's errors, from and to; log-uniform.
        offset: standard deviation per axis of what a joint is off by throughout a window, of the figure's size: no two
            estimators agree on where a hip is.
        estimators: whose errors are modelled, one drawn for each batch; see
            :data:`pipeline.training.augmentation.error_model.ESTIMATORS`.
        part: ``(i, n)`` leaves every n-th block of the motion, counted from the i-th: what one of n lifters learns from
            where each is to be asked about motion that it has not seen (cross-fitting). A block is what must stay
            together: takes with one name but for their number, such as ``salsa_01`` and ``salsa_02``, or a subject of
            Human3.6M. Blocks are counted by name.
        cache: folder for the prepared arrays.
        seed: of everything random.

    Raises:
        InputError: if a file is missing, ``motion`` is unknown, or no block is in the part.
    """

    def __init__(
        self,
        folder: str,
        motion: str = 'cmu',
        subjects: Sequence[str] = ('S1', 'S5', 'S6', 'S7', 'S8'),
        window: int = 64,
        batch_size: int = 64,
        num_batches: int = 100,
        rate: float = 25.0,
        body_spread: float = 0.1,
        mixed: float = 0.3,
        lying: float = 0.1,
        cut: float = 0.25,
        lens: float = 0.12,
        severity: Tuple[float, float] = (0.1, 1.5),
        offset: float = 0.0,
        estimators: Sequence[str] = ('fused', 'fused', 'hourglass'),
        part: Tuple[int, int] = (0, 1),
        cache: Optional[str] = None,
        seed: int = 0,
    ):
        if motion not in ('cmu', 'h36m'):
            raise InputError(f'motion {motion!r}: allowed are cmu, h36m')
        if not 0 <= part[0] < part[1]:
            raise InputError(f'part {tuple(part)}: (i, n) with i from 0 to n - 1 is needed')
        super().__init__(num_batches, seed)
        self.window, self.batch_size, self.rate = window, batch_size, rate
        self.body_spread, self.mixed, self.lying, self.cut, self.lens = body_spread, mixed, lying, cut, lens
        self.severity, self.offset = severity, offset
        skeleton = JOINT_SETS['coco17'].skeleton
        self.flip = list(skeleton.flip_indices)
        self.errors = [ErrorModel(skeleton, estimator_rates(name)) for name in estimators]
        read = _cmu if motion == 'cmu' else _h36m
        key = dict(kind='virtual-lifting-1', motion=motion, folder=folder, subjects=list(subjects), seed=seed)
        if part[1] > 1:
            key['part'] = list(part)
        arrays = cached_arrays(cache, key, lambda: read(folder, subjects, part, seed))
        self.joints, self.lengths, self.fps = arrays['joints'], arrays['lengths'], arrays['fps']
        self.starts = np.cumsum(self.lengths) - self.lengths

    def draw(self, rng: np.random.Generator) -> dict:
        """``inputs``: rays ``(B, T, 17, 2)`` and scores ``(B, T, 17)``; ``data_samples``: target ``(B, T, 17, 3)`` m
        relative to the hips' centre, and target_weight ``(B, T, 17)``."""
        windows = self.batch_size
        world = bodies.tumble(bodies.exchange_trunks(self._cut(rng), self.mixed, rng), self.lying, rng)
        (world,) = mirror((bodies.other_bodies(world, self.body_spread, rng),), rng.random(windows) < 0.5, self.flip)
        pose, rays = bodies.seen_by_cameras(world, rng)
        estimate, scores = self._estimated(rays, rng)
        mistaken = np.exp(rng.normal(0, self.lens, windows) * (rng.random(windows) < 0.5))
        target = pose - bodies.hips_centre(pose)
        # who comes nearer than half a metre is not seen by anybody
        weight = np.broadcast_to((pose[..., 2] > 0.5).all((1, 2))[:, None, None], scores.shape)
        return dict(
            inputs=dict(rays=float_tensor(estimate * mistaken[:, None, None, None]), scores=float_tensor(scores)),
            data_samples=dict(target=float_tensor(target), target_weight=float_tensor(weight)),
        )

    def _cut(self, rng: np.random.Generator) -> np.ndarray:
        """Windows of motion at other speeds, half of them backwards, ``(B, T, 17, 3)`` m."""
        shape = self.batch_size, self.window
        chosen, positions = draw_windows(self.lengths, self.fps, self.rate, shape, 0.35, rng)
        backwards = rng.random(self.batch_size) < 0.5
        positions = np.where(backwards[:, None], positions[:, ::-1], positions)
        return cut_windows(self.joints, self.starts[chosen], self.lengths[chosen], positions)

    def _estimated(self, rays: np.ndarray, rng: np.random.Generator) -> Tuple[np.ndarray, np.ndarray]:
        """Rays and scores as an estimator and a refiner would give them."""
        windows = len(rays)
        size = np.maximum(np.median(figure_size(rays, np.ones(rays.shape[:3])), axis=1) * _PIXELS, 1e-3)
        severity = np.exp(rng.uniform(*np.log(self.severity), windows))
        fps = np.full(windows, self.rate)
        errors = self.errors[rng.integers(len(self.errors))]
        estimate, scores = errors.apply(rays * _PIXELS, size, fps, severity, rng)
        smoothed = rng.random(windows) < 0.7  # the chain's refiner has been there
        for width in (0.7, 1.5):
            part = np.flatnonzero(smoothed & (rng.random(windows) < 0.5))
            estimate[part] = gaussian_filter1d(estimate[part], width, axis=1, mode='nearest')
        if self.offset:
            shift = rng.normal(0, self.offset, (windows, 1, *estimate.shape[2:])) * size[:, None, None, None]
            estimate = estimate + shift.astype(np.float32)
        self._cut_by_an_edge(estimate, scores, size, rng)
        return estimate / _PIXELS, scores

    def _cut_by_an_edge(self, estimate, scores, size, rng) -> None:
        """What lies outside the picture is guessed near its edge, with a low score."""
        windows = len(estimate)
        low, high = estimate.min((1, 2)), estimate.max((1, 2))
        for axis, outside, share in ((1, 1, 0.6), (1, -1, 0.1), (0, 1, 0.15), (0, -1, 0.15)):
            chosen = rng.random(windows) < self.cut * share
            part = rng.uniform(0.45, 0.98, windows)
            near, far = (low, high) if outside > 0 else (high, low)
            edge = (near + part[:, None] * (far - near))[:, axis]
            beyond = (outside * (estimate[..., axis] - edge[:, None, None]) > 0) & chosen[:, None, None]
            guess = edge[:, None, None] + rng.normal(0, 0.03, beyond.shape) * size[:, None, None]
            keeps = rng.random((windows, 1, 1)) < 0.4  # some estimators guess where it would be
            estimate[..., axis] = np.where(beyond & ~keeps, guess, estimate[..., axis])
            scores[...] = np.where(beyond, rng.uniform(0, 0.4, (windows, 1, 1)) * rng.random(beyond.shape), scores)


def _cmu(folder: str, subjects: Sequence[str], part: Tuple[int, int], seed: int) -> dict:
    rng = np.random.default_rng(seed)
    motion = cmu.acted_sequences(folder)
    kept = in_part([re.sub(r'_\d+$', '', name) for name, _, _ in motion], part)
    return _arrays([(cmu.joints_as(motion[m][1], motion[m][2], rng), motion[m][2]) for m in kept])


def _h36m(folder: str, subjects: Sequence[str], part: Tuple[int, int], seed: int) -> dict:
    from pipeline.training.sources import h36m
    from pipeline.training.sources.coco_motion import h36m_as

    rng = np.random.default_rng(seed)
    motion = {(r.subject, r.action): r.world for r in h36m.load_recordings(folder, subjects)}
    names = list(motion)
    kept = in_part([subject for subject, _ in names], part)
    return _arrays([(h36m_as(motion[names[m]], rng) / 1000, h36m.FPS) for m in kept])


def in_part(blocks: Sequence[str], part: Tuple[int, int]) -> List[int]:
    """Indices of those whose block, counted by name, is the i-th, or n later, and so on, for ``part`` ``(i, n)``.

    Raises:
        InputError: if there are none.
    """
    first, every = part
    wanted = sorted(set(blocks))[first::every]
    if not wanted:
        raise InputError(f'part {tuple(part)}: there are {len(set(blocks))} blocks of motion only')
    return [i for i, block in enumerate(blocks) if block in wanted]


def _arrays(motion: Sequence[Tuple[np.ndarray, float]]) -> dict:
    return dict(
        joints=np.concatenate([joints for joints, _ in motion]),
        lengths=np.array([len(joints) for joints, _ in motion]),
        fps=np.array([fps for _, fps in motion]),
    )
