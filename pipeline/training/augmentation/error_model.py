"""How single-frame pose estimators err over time, as a generator for training and robustness tests.

Errors have a magnitude (relative to the figure's size), a duration (seconds, so that
any frame rate sees the same world) and leave a trace in the scores. The defaults of
:class:`ErrorRates` were fitted to the Stacked Hourglass on Human3.6M, :data:`FUSED` to the default
preset's estimator, both by ``tools/research/fit_error_model.py``; what the hourglass cannot show (no scores,
one person in the picture, no missing joints) is marked as assumed.

Legend: ``B`` windows, ``T`` frames, ``K`` joints.
"""

from dataclasses import dataclass, fields, replace
from typing import Sequence, Tuple

import numpy as np
from scipy.signal import lfilter

from pipeline.errors import InputError
from pipeline.skeletons import Skeleton


@dataclass(frozen=True)
class ErrorRates:
    """Frequencies and sizes of the errors of an ordinary estimator.

    Attributes:
        jitter: standard deviation per axis of the error that is new in every frame, of the figure's size.
        drift: the same of the slowly changing error.
        drift_seconds: time in which the slow error forgets itself.
        limb_factor: how much more (or less) each joint errs than the mean, by part of its name; the face's is assumed.
        spikes: probability of a one-frame outlier, per joint and frame.
        miss_rate: bursts per second in which one limb's end is somewhere else, per limb.
        miss_seconds: median length of a burst.
        inversion_rate: bursts per second in which left and right of the arms, or the legs, are exchanged.
        inversion_seconds: median length of a burst.
        whole_rate: bursts per second in which the entire figure is mirrored (assumed).
        jump_rate: bursts per second in which the whole pose sits on a neighbour (assumed).
        gap_rate: gaps per second in which nobody is found and poses are interpolated (assumed).
        dropout_rate: bursts per second in which a joint is not given at all, per joint (assumed).
        volatility: how much jitter and drift of one joint swell and shrink over time: standard deviation of the
            logarithm of their size. An estimator trembles where it doubts.
        volatility_seconds: time in which that swelling forgets itself.
        doubts: pairs (expected error of the figure's size, score), the score falling: what scores say of an
            error. Empty: :func:`draw_scores`, for estimators of which nothing is known.
        noticed: probability that a burst of gross error shows in the scores, where there are ``doubts``.
    """

    jitter: float = 0.0066
    drift: float = 0.0162
    drift_seconds: float = 0.57
    limb_factor: Tuple[Tuple[str, float], ...] = (
        ('nose', 0.7),
        ('eye', 0.7),
        ('ear', 0.7),
        ('shoulder', 0.92),
        ('elbow', 0.94),
        ('wrist', 1.06),
        ('hip', 1.23),
        ('knee', 0.92),
        ('ankle', 0.94),
    )
    spikes: float = 0.006
    miss_rate: float = 0.63
    miss_seconds: float = 0.10
    inversion_rate: float = 0.12
    inversion_seconds: float = 0.08
    whole_rate: float = 0.02
    jump_rate: float = 0.02
    gap_rate: float = 0.03
    dropout_rate: float = 0.03
    volatility: float = 0.0
    volatility_seconds: float = 0.2
    doubts: Tuple[Tuple[float, float], ...] = ()
    noticed: float = 0.65


#: the estimator of the preset ``embedded`` (BlazePose and MoveNet fused): four views of one man, 19 photographs
FUSED = ErrorRates(
    jitter=0.0022,
    drift=0.0122,
    drift_seconds=0.15,
    limb_factor=(
        ('nose', 0.7),
        ('eye', 0.7),
        ('ear', 0.7),
        ('shoulder', 0.8),
        ('elbow', 1.0),
        ('wrist', 1.3),
        ('hip', 1.0),
        ('knee', 0.95),
        ('ankle', 1.0),
    ),
    spikes=0.0012,
    miss_rate=0.25,
    inversion_rate=0.05,
    whole_rate=0.005,
    jump_rate=0.01,
    volatility=0.5,
    doubts=((0.006, 0.9), (0.012, 0.87), (0.02, 0.81), (0.026, 0.7), (0.035, 0.55), (0.07, 0.3), (0.12, 0.1)),
)
#: estimators by the name that ``--errors`` of the tools and ``rates`` of a training config know
ESTIMATORS = {'hourglass': ErrorRates(), 'fused': FUSED}


def estimator_rates(estimator: str = 'hourglass', **changes) -> ErrorRates:
    """The rates of a known estimator, some of them changed.

    Raises:
        InputError: for an unknown estimator or rate.
    """
    if estimator not in ESTIMATORS:
        raise InputError(f'estimator {estimator!r}: error models are known of {", ".join(ESTIMATORS)}')
    allowed = [entry.name for entry in fields(ErrorRates)]
    strange = next((name for name in changes if name not in allowed), None)
    if strange is not None:
        raise InputError(f'rate {strange!r}: allowed are {", ".join(allowed)}')
    return replace(ESTIMATORS[estimator], **changes)


class ErrorModel:
    """Draws estimator errors for batches of windows.

    Args:
        skeleton: joint names and mirror pairs.
        rates: frequencies and sizes at severity 1.
    """

    def __init__(self, skeleton: Skeleton, rates: ErrorRates = ErrorRates()):
        self.rates = rates
        self.flip = np.asarray(skeleton.flip_indices)
        self.factor = np.array([_first_match(rates.limb_factor, name) for name in skeleton.names], np.float32)
        self.arms = _joints(skeleton.names, ('elbow', 'wrist'))
        self.legs = _joints(skeleton.names, ('hip', 'knee', 'ankle'))
        self.lower_legs = _joints(skeleton.names, ('knee', 'ankle'))
        self.limb_ends = _limb_ends(skeleton.names)
        self.num_joints = len(skeleton.names)

    def apply(
        self, truth: np.ndarray, size: np.ndarray, fps: np.ndarray, severity: np.ndarray, rng: np.random.Generator
    ) -> Tuple[np.ndarray, np.ndarray]:
        """An estimator's view of ``truth``.

        Args:
            truth: ``(B, T, K, 2)`` px.
            size: ``(B,)`` px, figure's size (longer side of its box).
            fps: ``(B,)``.
            severity: ``(B,)`` factor on all rates and sizes; 0 gives the truth.
            rng: source of randomness.

        Returns:
            estimate: ``(B, T, K, 2)`` float32 px.
            scores: ``(B, T, K)`` float32 in 0..1; 0 where no estimate was made.
        """
        rates = self.rates
        pose = truth.astype(np.float32).copy()
        self._swap_sides(pose, fps, severity, rng)
        self._miss_limbs(pose, size, fps, severity, rng)
        noise, spread = self._noise(truth.shape, fps, rng)
        pose += noise * (severity * size)[:, None, None, None]
        spikes = rng.random(truth.shape[:3]) < rates.spikes * severity[:, None, None]
        pose += spikes[..., None] * rng.normal(0, 0.08, truth.shape).astype(np.float32) * size[:, None, None, None]
        jump = self._bursts(truth.shape[:2], rates.jump_rate * severity, 0.2, fps, rng)
        shift = rng.normal(0, 0.5, (len(pose), 1, 1, 2)) * size[:, None, None, None]
        pose += (jump[..., None, None] * shift).astype(np.float32)

        error = np.linalg.norm(pose - truth, axis=-1) / np.maximum(size, 1e-6)[:, None, None]
        if rates.doubts:
            scores = doubtful_scores(error, spread * severity[:, None, None], rates.doubts, rates.noticed, rng)
        else:
            scores = draw_scores(error, rng)
        self._drop_joints(pose, scores, fps, severity, rng)
        self._open_gaps(pose, scores, fps, severity, rng)
        return pose, scores

    def _noise(self, shape, fps, rng) -> Tuple[np.ndarray, np.ndarray]:
        """Jitter and drift of unit severity, ``(B, T, K, 2)``, of the figure's size; and their expected length."""
        rates = self.rates
        # the mix of fast and slow differs between estimators; Student's t has the measured heavy tails
        mix = rng.uniform(0.3, 1.7, (shape[0], 1, 1, 1)).astype(np.float32)
        white = (rng.standard_t(4, shape) / np.sqrt(2)).astype(np.float32)
        keep = np.exp(-1 / (fps * rates.drift_seconds * np.exp(rng.normal(0, 0.7, len(fps)))))
        slow = _autoregressive(rng.normal(0, 1, shape), keep)
        swell = self._swelling(shape[:3], fps, rng)
        noise = self.factor[:, None] * swell[..., None] * (mix * rates.jitter * white + (2 - mix) * rates.drift * slow)
        # 1.25: the mean length of a vector whose axes have standard deviation 1
        return noise, 1.25 * float(np.hypot(rates.jitter, rates.drift)) * self.factor * swell

    def _swelling(self, shape, fps, rng) -> np.ndarray:
        """``(B, T, K)`` factors on jitter and drift, of mean square 1."""
        rates = self.rates
        if not rates.volatility:
            return np.ones(shape, np.float32)
        keep = np.exp(-1 / (fps * rates.volatility_seconds))
        log = rates.volatility * _autoregressive(rng.normal(0, 1, shape), keep)
        return np.exp(log - rates.volatility**2)

    def _swap_sides(self, pose, fps, severity, rng) -> None:
        rates, shape = self.rates, pose.shape[:2]
        groups = (
            (self.arms, rates.inversion_rate),
            (self.legs, rates.inversion_rate / 2),
            (self.lower_legs, rates.inversion_rate / 2),
            (np.arange(self.num_joints), rates.whole_rate),
        )
        for joints, rate in groups:
            for _ in range(2):
                burst = self._bursts(shape, rate * severity, rates.inversion_seconds, fps, rng)
                # half of the bursts flicker frame by frame, as estimators do near the tie
                flicker = rng.random((shape[0], 1)) < 0.5
                burst &= ~flicker | (rng.random(shape) < 0.6)
                where = burst[..., None, None]
                collapse = rng.random((shape[0], 1, 1, 1)) < 0.25  # both sides on one limb
                side = rng.random((shape[0], 1, 1, 1)) < 0.5
                mirrored = pose[:, :, self.flip[joints]]
                left = (joints < self.flip[joints])[:, None]
                exchanged = np.where(collapse & (left == side), pose[:, :, joints], mirrored)
                pose[:, :, joints] = np.where(where, exchanged, pose[:, :, joints])

    def _miss_limbs(self, pose, size, fps, severity, rng) -> None:
        rates, shape = self.rates, pose.shape[:2]
        for joints in self.limb_ends:
            burst = self._bursts(shape, rates.miss_rate * severity, rates.miss_seconds, fps, rng)
            depth = rng.integers(1, len(joints) + 1, (len(pose), 1, 1))  # the end alone, or more of the limb
            part = burst[..., None] & (np.arange(len(joints)) < depth)
            away = rng.normal(0, 0.12, (len(pose), 1, len(joints), 2)) * size[:, None, None, None]
            rough = rng.normal(0, 0.02, pose[:, :, joints].shape) * size[:, None, None, None]
            pose[:, :, joints] += (part[..., None] * (away + rough)).astype(np.float32)

    def _drop_joints(self, pose, scores, fps, severity, rng) -> None:
        """Joints that the estimator does not give: score 0, position without meaning."""
        shape = pose.shape[:2]
        for k in range(self.num_joints):
            burst = self._bursts(shape, self.rates.dropout_rate * severity, 0.3, fps, rng)
            scores[:, :, k][burst] = 0
            hold = np.broadcast_to(
                pose[:, :1, k] if rng.random() < 0.5 else pose[:, :, :1].mean(2), pose[:, :, k].shape
            )
            pose[:, :, k] = np.where(burst[..., None], hold, pose[:, :, k])

    def _open_gaps(self, pose, scores, fps, severity, rng) -> None:
        """Frames without a person, bridged linearly with score 0 as the chain does it."""
        frames = np.arange(pose.shape[1])
        gaps = self._bursts(pose.shape[:2], self.rates.gap_rate * severity, 0.25, fps, rng)
        for b in np.flatnonzero(gaps.any(1)):
            known = frames[~gaps[b]]
            if len(known) < 2:
                continue
            right = np.clip(np.searchsorted(known, frames), 1, len(known) - 1)
            before, after = known[right - 1], known[right]
            blend = np.clip((frames - before) / (after - before), 0, 1)[:, None, None].astype(np.float32)
            pose[b] = pose[b, before] * (1 - blend) + pose[b, after] * blend
            scores[b, gaps[b]] = 0

    @staticmethod
    def _bursts(shape, rate, median_seconds, fps, rng) -> np.ndarray:
        """``(B, T)`` bool: at most one burst in a window, log-normal in length, never over 0.6 T."""
        windows, frames = shape
        happens = rng.random(windows) < 1 - np.exp(-rate * frames / fps)
        length = np.clip(median_seconds * np.exp(rng.normal(0, 0.9, windows)) * fps, 1, 0.6 * frames)
        start = rng.uniform(-0.2 * frames, frames, windows)
        time = np.arange(frames)
        return happens[:, None] & (time >= start[:, None]) & (time < (start + length)[:, None])


def draw_scores(error: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Scores in 0..1 that fall with the error, more or less honestly from window to window.

    Estimators differ in how their scores are scaled and in how much they mean (assumed;
    heatmap peaks of COCO estimators are 0.5 to 0.95 on good joints): one window in eight
    has scores that say nothing.

    Args:
        error: ``(B, T, K)`` of the figure's size.
        rng: source of randomness.
    """
    windows, _, joints = error.shape
    base = rng.uniform(0.6, 0.97, (windows, 1, 1)) + rng.normal(0, 0.05, (windows, 1, joints))
    slope = rng.uniform(0.1, 0.8, (windows, 1, 1))
    noise = rng.normal(0, 1, error.shape) * rng.uniform(0.01, 0.12, (windows, 1, 1))
    # a wrong joint is not always noticed: half of the time the score keeps high
    noticed = rng.random(error.shape) < rng.uniform(0.3, 1.0, (windows, 1, 1))
    scores = base - slope * np.minimum(error / 0.08, 1) * noticed + noise
    mute = rng.random((windows, 1, 1)) < 0.125
    return np.where(mute, rng.uniform(0.3, 1.0, (windows, 1, 1)), np.clip(scores, 0.02, 1)).astype(np.float32)


def doubtful_scores(
    error: np.ndarray,
    spread: np.ndarray,
    doubts: Sequence[Tuple[float, float]],
    noticed: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Scores of an estimator that knows how large its errors are, but not which way they go.

    Args:
        error: ``(B, T, K)`` of the figure's size.
        spread: ``(B, T, K)``, the distance that is expected; an error of more than three times that is gross.
        doubts: see :class:`ErrorRates`.
        noticed: the probability that a joint's gross errors in a window show.
        rng: source of randomness.
    """
    windows, _, joints = error.shape
    shows = rng.random((windows, 1, joints)) < noticed
    expected = np.where((error > 3 * spread) & shows, error, spread)
    distances, scores = np.array(doubts).T
    clear = np.interp(np.log(np.maximum(expected, 1e-6)), np.log(distances), scores)
    # calibration differs a little from person to person, and joint to joint
    clear = clear + rng.normal(0, 0.04, (windows, 1, 1)) + rng.normal(0, 0.03, (windows, 1, joints))
    return np.clip(clear + rng.normal(0, 0.03, error.shape), 0.02, 1).astype(np.float32)


def _autoregressive(noise: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """First-order autoregression of unit variance along axis 1; ``keep`` ``(B,)`` in 0..1."""
    slow = np.empty_like(noise, dtype=np.float32)
    for b, a in enumerate(keep):
        start = a * noise[b, :1]
        slow[b] = lfilter([np.sqrt(1 - a * a)], [1, -a], noise[b], axis=0, zi=start)[0]
    return slow


def _first_match(factors: Sequence[Tuple[str, float]], name: str) -> float:
    return next((value for part, value in factors if part in name), 1.0)


def _joints(names: Sequence[str], parts: Sequence[str]) -> np.ndarray:
    return np.array([k for k, name in enumerate(names) if any(part in name for part in parts)])


def _limb_ends(names: Sequence[str]) -> list:
    """For each limb its joints from the end inwards: wrist, elbow; ankle, knee; both sides."""
    limbs = []
    for side in ('left', 'right'):
        for parts in (('wrist', 'elbow'), ('ankle', 'knee')):
            joints = [names.index(f'{side}_{part}') for part in parts if f'{side}_{part}' in names]
            if joints:
                limbs.append(np.array(joints))
    return limbs
