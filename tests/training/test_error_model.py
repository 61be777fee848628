import numpy as np
import pytest

from pipeline.skeletons import Skeleton
from pipeline.training.augmentation.error_model import (
    FUSED,
    ErrorModel,
    ErrorRates,
    _autoregressive,
    doubtful_scores,
    draw_scores,
)

NAMES = (
    'nose',
    'left_hip',
    'right_hip',
    'left_knee',
    'right_knee',
    'left_ankle',
    'right_ankle',
    'left_elbow',
    'right_elbow',
    'left_wrist',
    'right_wrist',
)
FLIP = (0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9)
QUIET = dict(
    jitter=0.0,
    drift=0.0,
    spikes=0.0,
    miss_rate=0.0,
    inversion_rate=0.0,
    whole_rate=0.0,
    jump_rate=0.0,
    gap_rate=0.0,
    dropout_rate=0.0,
)


def model(**rates):
    return ErrorModel(
        Skeleton('test', NAMES, (), FLIP, np.full(len(NAMES), 0.05), ('',) * len(NAMES)),
        ErrorRates(**{**QUIET, **rates}),
    )


def windows(count=200, frames=30):
    truth = np.random.default_rng(1).uniform(0, 100, (count, 1, len(NAMES), 2)).repeat(frames, axis=1)
    return truth.astype(np.float32), np.full(count, 100.0), np.full(count, 30.0)


def apply(errors, severity=1.0, seed=0):
    truth, size, fps = windows()
    estimate, scores = errors.apply(truth, size, fps, np.full(len(truth), severity), np.random.default_rng(seed))
    return truth, estimate, scores


def test_no_severity_no_error():
    everything = model(
        jitter=0.01,
        drift=0.01,
        spikes=0.1,
        miss_rate=5.0,
        inversion_rate=5.0,
        jump_rate=5.0,
        dropout_rate=5.0,
        gap_rate=5.0,
    )
    truth, estimate, scores = apply(everything, severity=0.0)
    assert np.array_equal(estimate, truth) and (scores > 0).all()


def test_jitter_has_its_size():
    truth, estimate, _ = apply(model(jitter=0.01))
    # the fast share is uniform in 0.3..1.7: its mean square is 1 + 1.4² / 12
    expected = 0.92 * 0.01 * 100 * np.sqrt(1 + 1.4**2 / 12)
    assert (estimate - truth)[:, :, NAMES.index('left_knee')].std() == pytest.approx(expected, rel=0.1)


def test_inversions_move_joints_to_their_mirror_joint():
    truth, estimate, _ = apply(model(inversion_rate=3.0))
    moved = np.abs(estimate - truth).sum(-1) > 0
    assert 0.02 < moved.mean() < 0.5 and not moved[:, :, 0].any()
    assert np.array_equal(estimate[moved], truth[:, :, list(FLIP)][moved])


def test_dropped_joints_have_score_zero():
    truth, estimate, scores = apply(model(dropout_rate=1.0))
    assert 0.01 < (scores == 0).mean() < 0.5
    assert np.array_equal(estimate[scores > 0], truth[scores > 0])


def test_gaps_are_bridged_in_all_joints():
    _, _, scores = apply(model(gap_rate=1.0))
    gaps = scores == 0
    assert gaps.any() and np.array_equal(gaps.any(2), gaps.all(2))


def test_bursts_follow_the_clock_not_the_frames():
    rng = np.random.default_rng
    slow = ErrorModel._bursts((5000, 20), np.full(5000, 0.2), 0.2, np.full(5000, 10.0), rng(0))
    fast = ErrorModel._bursts((5000, 20), np.full(5000, 0.2), 0.2, np.full(5000, 100.0), rng(0))
    assert slow.any(1).mean() == pytest.approx(1 - np.exp(-0.4), abs=0.1)
    assert fast.any(1).mean() == pytest.approx(1 - np.exp(-0.04), abs=0.02)


def test_slow_errors_have_unit_variance_and_memory():
    noise = np.random.default_rng(0).normal(size=(200, 100, 1))
    slow = _autoregressive(noise, np.full(200, 0.9))
    assert slow.std() == pytest.approx(1, abs=0.1)
    assert (slow[:, 1:] * slow[:, :-1]).mean() == pytest.approx(0.9, abs=0.1)


def test_scores_fall_with_the_error():
    error = np.zeros((400, 20, 5))
    error[:, :, 2] = 0.2
    scores = draw_scores(error, np.random.default_rng(0))
    assert scores.min() >= 0.02 and scores.max() <= 1
    assert scores[:, :, 2].mean() < scores[:, :, 0].mean() - 0.1


def test_volatile_jitter_swells_and_shrinks_and_keeps_its_size():
    calm, volatile = model(jitter=0.01), model(jitter=0.01, volatility=0.8, volatility_seconds=0.5)
    truth, steady, _ = apply(calm)
    _, moody, _ = apply(volatile)
    sizes = [np.linalg.norm(estimate - truth, axis=-1) for estimate in (steady, moody)]
    assert np.sqrt((sizes[1] ** 2).mean()) == pytest.approx(np.sqrt((sizes[0] ** 2).mean()), rel=0.1)
    memory = []
    for size in sizes:
        log = np.log(size + 1e-6)
        log -= log.mean(axis=1, keepdims=True)
        memory.append((log[:, 1:] * log[:, :-1]).mean() / (log**2).mean())
    # a loud frame is followed by a loud one only where it is volatile
    assert abs(memory[0]) < 0.1 and memory[1] > 0.2


def test_scores_tell_how_large_errors_are_and_not_which():
    rng = np.random.default_rng(0)
    spread = np.repeat(np.geomspace(0.006, 0.12, 6)[None, None], 400, axis=0).repeat(20, axis=1)
    scores = doubtful_scores(0.5 * spread, spread, FUSED.doubts, 0.65, rng)
    assert (np.diff(scores.mean(axis=(0, 1))) < -0.015).all()
    assert scores[:, :, 0].mean() == pytest.approx(0.9, abs=0.02)
    gross = doubtful_scores(np.full_like(spread, 0.5)[:, :, :1], spread[:, :, :1], FUSED.doubts, 0.65, rng)
    seen = (gross < 0.5).all(axis=1).mean()
    assert seen == pytest.approx(0.65, abs=0.08)  # of the gross errors so many show, for as long as they last
