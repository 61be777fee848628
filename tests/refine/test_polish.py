"""What trembles goes and what moves stays, at every frame rate and to both ends of a track."""

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.refine import build_refiner
from pipeline.refine.polish import polish, steady
from pipeline.skeletons import load_skeleton

SIGMA = 0.04


def polished(poses, times, scores=None, sigma=SIGMA):
    """``(T,)`` px of one coordinate of one joint."""
    scores = np.ones(len(times)) if scores is None else scores
    return polish(poses[None, :, None, None], scores[None, :, None], times[None], sigma)[0, :, 0, 0]


@pytest.mark.parametrize('fps', [10, 24, 60, 120])
def test_a_throw_is_left_as_it_is_from_end_to_end(fps):
    times = np.arange(32) / fps
    throw = 300 - 80 * times + 490 * times**2
    np.testing.assert_allclose(polished(throw, times), throw, atol=0.02)


@pytest.mark.parametrize('fps, left', [(10, 1.01), (30, 0.85), (60, 0.7), (120, 0.5)])
def test_white_jitter_shrinks_the_more_frames_are_near(fps, left):
    jitter = np.random.default_rng(0).normal(size=(200, 32))
    times = np.arange(32) / fps
    after = np.stack([polished(row, times) for row in jitter])
    assert after[:, 8:-8].std() < left
    assert np.abs(np.diff(after, 2)).mean() < left**2 * np.abs(np.diff(jitter, 2)).mean()


def test_uneven_times_are_times():
    times = np.cumsum(np.random.default_rng(1).uniform(0.005, 0.05, 32))
    np.testing.assert_allclose(polished(500 * times, times), 500 * times, atol=0.01)


def test_padding_behind_a_track_has_no_say():
    times, scores = np.arange(32) / 60, np.ones(32)
    walk = 200 * times
    scores[20:] = 0
    padded = np.where(scores > 0, walk, 5000)
    np.testing.assert_allclose(polished(padded, times, scores)[:20], walk[:20], atol=0.01)
    # a gap inside a track is none: what the network put there is polished too
    scores[:] = 1
    scores[10:13] = 0
    assert abs(polished(walk + 9 * (np.arange(32) == 11), times, scores)[11] - walk[11]) < 6


def test_frames_far_apart_and_windows_that_saw_nothing_stay():
    values = np.random.default_rng(2).normal(size=32)
    np.testing.assert_allclose(polished(values, np.arange(32.0)), values, atol=1e-6)
    assert np.isfinite(polished(values, np.arange(32) / 60, np.zeros(32))).all()


def test_frames_that_are_less_sure_of_a_joint_count_less_in_it():
    times, walk = np.arange(32) / 60, 200.0 * np.arange(32) / 60
    bent = walk + np.where((np.arange(32) >= 12) & (np.arange(32) < 15), 12.0, 0.0)
    poses = np.stack([bent, bent], axis=1)[None, :, :, None]  # of two joints
    sigmas = np.ones((1, 32, 2))
    sigmas[0, 12:15, 1] = 10.0
    after = polish(poses, np.ones((1, 32, 2)), times[None], SIGMA, sigmas)[0, :, :, 0]
    away = np.abs(after - walk[:, None])[12:15].max(axis=0)
    assert away[1] < 0.5 * away[0]
    alike = polish(poses, np.ones((1, 32, 2)), times[None], SIGMA)[0, :, 0, 0]
    np.testing.assert_allclose(after[:, 0], alike, atol=1e-6)


def tremble(options):
    """Second difference, and mean distance from the input's truth, of a walk at 60 fps that trembles by 1 px."""
    generator = np.random.default_rng(0)
    times = np.arange(96) / 60
    truth = generator.uniform(0, 300, (17, 2)) + 120 * times[:, None, None]
    track = build_refiner(options, load_skeleton('coco')).smoother.open()
    poses = []
    for pose, time in zip((truth + generator.normal(0, 1.5, truth.shape)).astype(np.float32), times):
        poses += track.push(pose, np.full(17, 0.9, np.float32), time)
    poses = np.stack(poses + track.close())[..., :2]  # without sigmas
    return np.abs(np.diff(poses, 2, axis=0)).mean(), np.abs(poses - truth).mean()


def steadied(track, fit, sigma=SIGMA, scores=None):
    """``(T, 2)`` px of one joint of a figure 500 px tall, 60 frames a second."""
    poses = np.stack([track, track + [0, 500]], axis=1)[None]  # its other joint makes the figure
    scores = np.ones((1, len(track), 2)) if scores is None else scores
    return fit(poses, scores, np.arange(len(track))[None] / 60, sigma)[0, :, 0]


def test_what_hardly_moves_gets_calmer_than_by_the_fit_alone():
    still = np.random.default_rng(3).normal(0, 0.5, (200, 2))
    assert steadied(still, steady)[10:-10].std() < 0.8 * steadied(still, polish)[10:-10].std()


def test_a_fast_turn_is_not_cut_by_the_calm_fit():
    times = np.arange(120) / 60
    swing = np.stack([120 * np.sin(2 * np.pi * 2.5 * times), 0 * times], axis=1)  # 2.5 to and fro a second
    off = {
        name: np.abs(steadied(swing, fit, sigma) - swing).max()
        for name, fit, sigma in (('precise', polish, SIGMA), ('calm', polish, 2 * SIGMA), ('both', steady, SIGMA))
    }
    assert off['calm'] > 5 * off['precise']  # or it would not matter
    assert off['both'] < 1.2 * off['precise'] + 0.1


def test_padding_has_no_say_in_how_far_two_fits_agree():
    walk = np.stack([200 * np.arange(40) / 60, 0 * np.arange(40)], axis=1)
    scores = np.ones((1, 40, 2))
    scores[:, 30:] = 0
    padded = [np.where(np.arange(40)[:, None] < 30, walk, value) for value in (walk[29], walk[29] + 90)]
    before, after = (steadied(track, steady, scores=scores)[:30] for track in padded)
    np.testing.assert_allclose(before, after, atol=1e-6)


def test_the_default_network_is_polished_and_can_be_had_without():
    (trembles, wrong), (before, wrong_before) = tremble('hanet'), tremble('hanet:polish=0')
    assert trembles < 0.6 * before and wrong < wrong_before
    assert tremble('hanet:polish=0.08')[0] < trembles


@pytest.mark.parametrize('value', ['x', -0.1, 1.5, 'nan', 'true'])
def test_a_polish_that_is_no_time_is_refused(value):
    with pytest.raises(InputError, match=r'polish is .*: must be seconds from 0 \(none\) to 1'):
        build_refiner(f'hanet:polish={value}', load_skeleton('coco'))
