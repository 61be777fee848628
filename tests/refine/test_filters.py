"""Filters against their definitions, and the joints that nobody saw."""

import numpy as np
import pytest
import torch
from OneEuroFilter import OneEuroFilter
from scipy.ndimage import gaussian_filter1d, median_filter
from scipy.signal import butter, savgol_filter, sosfiltfilt

from pipeline.errors import InputError
from pipeline.networks.refiners.normalise import fill_missing
from pipeline.refine import build_refiner
from pipeline.refine.filters import OneEuroSmoother, bridge_missing, butterworth, gaussian, hampel, median, savgol
from pipeline.refine.smoother import smooth_track
from pipeline.skeletons import load_skeleton

TIMES = np.arange(100) / 30


def noisy(seed=0):
    rng = np.random.default_rng(seed)
    return (100 * np.sin(TIMES)[:, None, None] + rng.normal(size=(100, 3, 2))).astype(np.float32)


def test_bridge_missing_is_linear_in_time_and_flat_outside():
    keypoints = np.zeros((5, 1, 2), np.float32)
    keypoints[:, 0, 0] = [9, 0, 9, 4, 9]
    scores = np.array([0, 1, 0, 1, 0], np.float32)[:, None]
    times = np.array([0, 1, 1.5, 3, 4])
    np.testing.assert_allclose(bridge_missing(keypoints, scores, times)[:, 0, 0], [0, 0, 1, 4, 4])


def test_filters_and_networks_bridge_by_one_rule():
    generator = np.random.default_rng(3)
    keypoints, scores = generator.normal(size=(30, 5, 2)), (generator.random((30, 5)) > 0.5).astype(float)
    scores[:, 0] = scores[:10, 1] = scores[20:, 2] = 0
    ours = bridge_missing(keypoints, scores, np.arange(30) / 25)
    theirs = fill_missing(torch.from_numpy(keypoints)[None], torch.from_numpy(scores)[None] > 0)[0].numpy()
    np.testing.assert_allclose(ours[:, 1:], theirs[:, 1:], atol=1e-6)
    # a joint that nobody saw: a filter leaves it alone, a network is given the middle of the figure
    np.testing.assert_array_equal(ours[:, 0], keypoints[:, 0])
    assert (theirs[:, 0] == 0).all()


def test_savgol_over_blocks_equals_scipy_over_the_track():
    keypoints = noisy()
    ours = smooth_track(savgol(11, 3), keypoints, np.ones((100, 3)), TIMES)
    np.testing.assert_allclose(ours, savgol_filter(keypoints.astype(float), 11, 3, axis=0), rtol=1e-4, atol=1e-4)


def test_gaussian_keeps_constants_and_kills_jitter():
    keypoints = noisy()
    ours = smooth_track(gaussian(2.0), keypoints, np.ones((100, 3)), TIMES)
    assert np.abs(np.diff(ours, 2, axis=0)).mean() < 0.1 * np.abs(np.diff(keypoints, 2, axis=0)).mean()
    constant = smooth_track(gaussian(2.0), np.full((100, 3, 2), 7.0, np.float32), np.ones((100, 3)), TIMES)
    np.testing.assert_allclose(constant, 7.0, rtol=1e-6)


def test_a_median_removes_a_spike_and_equals_scipy_over_the_track():
    keypoints = noisy()
    keypoints[50] += 500
    ours = smooth_track(median(5, 1.0), keypoints, np.ones((100, 3)), TIMES)
    expected = gaussian_filter1d(median_filter(keypoints.astype(float), (5, 1, 1), mode='nearest'), 1.0, axis=0)
    np.testing.assert_allclose(ours[8:-8], expected[8:-8], rtol=1e-4, atol=1e-4)
    assert np.abs(ours - 100 * np.sin(TIMES)[:, None, None]).max() < 5


def swing(hertz, fps, seconds=4.0):
    """``(S, 1, 2)`` px: a joint that swings by 100 px, so many times a second."""
    times = np.arange(int(seconds * fps)) / fps
    return np.repeat(100 * np.sin(2 * np.pi * hertz * times)[:, None, None], 2, -1).astype(np.float32), times


@pytest.mark.parametrize('fps', [30, 60, 120])
@pytest.mark.parametrize('hertz, share', [(1.0, 1.0), (6.0, 0.7071), (12.0, 0.08)])
def test_butterworth_cuts_off_at_the_same_frequency_at_every_rate_and_lags_nowhere(fps, hertz, share):
    keypoints, times = swing(hertz, fps)
    ours = smooth_track(butterworth(6.0), keypoints, np.ones((len(times), 1)), times)
    inside = slice(fps // 2, -fps // 2)
    before, after = keypoints[inside, 0, 0], ours[inside, 0, 0]
    assert after @ before / (before @ before) == pytest.approx(
        share, abs=0.01 if hertz < 12 else share
    )  # in step with it
    assert np.abs(after - after @ before / (before @ before) * before).max() < 0.1  # and nothing of it is late


def test_butterworth_over_blocks_equals_scipy_over_the_track():
    keypoints, times = noisy(), np.arange(100) / 60
    each = 60 / np.pi * np.arctan(np.tan(np.pi * 4 / 60) / (np.sqrt(2) - 1) ** 0.25)  # of two passes, Hz
    sections = butter(2, each, fs=60, output='sos')
    ours = smooth_track(butterworth(4.0), keypoints, np.ones((100, 3)), times)
    np.testing.assert_allclose(ours, sosfiltfilt(sections, keypoints.astype(float), axis=0), atol=0.1)


def test_butterworth_leaves_alone_what_a_low_frame_rate_cannot_hold():
    keypoints, times = swing(2.0, 10)
    ours = smooth_track(butterworth(6.0), keypoints, np.ones((len(times), 1)), times)
    np.testing.assert_allclose(ours, keypoints, atol=1e-4)


def test_hampel_replaces_outliers_and_nothing_else():
    keypoints, times = swing(1.0, 60)
    wild = keypoints.copy()
    wild[100] += 300  # one frame
    wild[150:152, 0, 1] -= 400  # two, in one coordinate
    ours = smooth_track(hampel(), wild, np.ones((len(times), 1)), times)
    np.testing.assert_allclose(ours, keypoints, atol=25)
    untouched = np.ones(len(times), bool)
    untouched[[100, 150, 151]] = False
    np.testing.assert_array_equal(ours[untouched], keypoints[untouched])


def test_hampel_then_butterworth_also_kills_jitter():
    keypoints, times = swing(1.0, 60)
    jittery = keypoints + np.random.default_rng(0).normal(0, 2, keypoints.shape).astype(np.float32)
    jittery[100] += 300

    def trembling(smoother):
        poses = smooth_track(smoother, jittery, np.ones((len(times), 1)), times)
        return np.abs(np.diff(poses, 2, axis=0)).mean()

    assert trembling(hampel(cutoff=5)) < 0.2 * trembling(hampel())
    poses = smooth_track(hampel(cutoff=5), jittery, np.ones((len(times), 1)), times)
    assert np.abs(poses - keypoints)[10:-10].max() < 6


def test_one_euro_by_hand():
    """A jump of half a figure size at 20 Hz: the smoothed speed raises the cut-off, which sets the gain."""
    keypoints = np.zeros((3, 2, 2), np.float32)
    keypoints[:, 1, 1] = 100  # the figure is 100 px tall
    keypoints[1:, 0, 0] = 50
    min_cutoff, beta, interval = 2.0, 0.5, 0.05

    def gain(cutoff):
        return 1 / (1 + 1 / (2 * np.pi * cutoff) / interval)

    speed = gain(1.0) * 0.5 / interval
    first = gain(min_cutoff + beta * speed) * 0.5
    speed += gain(1.0) * ((0.5 - first) / interval - speed)
    second = first + gain(min_cutoff + beta * speed) * (0.5 - first)
    smooth = smooth_track(OneEuroSmoother(min_cutoff, beta), keypoints, np.ones((3, 2)), np.arange(3) * interval)
    np.testing.assert_allclose(smooth[:, 0, 0], [0, 100 * first, 100 * second], rtol=1e-6)


def test_one_euro_is_that_of_its_authors():
    keypoints, times = noisy(), 1 + np.cumsum(np.random.default_rng(1).uniform(0.01, 0.1, 100))
    size = float(np.ptp(keypoints[0], axis=0).max())
    theirs = [OneEuroFilter(30.0, 0.7, 3.0) for _ in range(6)]
    expected = [[f(float(v), t) for f, v in zip(theirs, pose.ravel() / size)] for pose, t in zip(keypoints, times)]
    ours = smooth_track(OneEuroSmoother(0.7, 3.0), keypoints, np.ones((100, 3)), times)
    np.testing.assert_allclose(ours.reshape(100, 6), np.array(expected) * size, rtol=1e-4, atol=1e-4)


def test_one_euro_ignores_resolution_and_unseen_joints():
    keypoints = noisy()
    keypoints[:, 1] += 200  # a figure about 200 px tall
    small = smooth_track(OneEuroSmoother(), keypoints, np.ones((100, 3)), TIMES)
    large = smooth_track(OneEuroSmoother(), keypoints * 8, np.ones((100, 3)), TIMES)
    np.testing.assert_allclose(large, small * 8, rtol=1e-3, atol=1e-2)
    wild, scores = keypoints.copy(), np.ones((100, 3))
    wild[50, 0], scores[50, 0] = 9999, 0
    assert np.abs(smooth_track(OneEuroSmoother(), wild, scores, TIMES) - small).max() < 10


def test_unknown_refiners_and_arguments_are_named_with_those_allowed():
    skeleton = load_skeleton('coco')
    with pytest.raises(InputError, match="unknown refiner 'kalman'.*one-euro"):
        build_refiner('kalman', skeleton)
    with pytest.raises(InputError, match="refiner 'savgol': unknown widow: allowed are window, order, block, max_gap"):
        build_refiner(dict(type='savgol', widow=3), skeleton)


@pytest.mark.parametrize(
    'spec, words',
    [
        ('gaussian:sigma=x', "refiner 'gaussian': sigma 'x': must be a number from 0.01 to 100"),
        ('gaussian:sigma=-1', 'sigma -1: must be'),
        ('gaussian:sigma=nan', 'sigma nan: must be'),
        ('gaussian:sigma=true', 'sigma True: must be'),
        ('median:width=4', 'width 4: must be an odd whole number from 1 to 999'),
        ('median:sigma=1000', 'sigma 1000: must be'),
        ('savgol:window=10', 'window 10: must be an odd whole number'),
        ('savgol:window=5,order=5', 'order 5: must be a whole number from 0 to 4'),
        ('butterworth:cutoff=0', 'cutoff 0: must be a number from 0.5 to 1000'),
        ('butterworth:order=2.5', 'order 2.5: must be a whole number from 1 to 4'),
        ('hampel:threshold=far', "threshold 'far': must be"),
        ('hampel:cutoff=0', 'cutoff 0: must be'),
        ('hampel:cutoff=6,order=9', 'order 9: must be'),
        ('one-euro:min_cutoff=0', 'min_cutoff 0: must be'),
        ('one-euro:beta=-1', 'beta -1: must be'),
        ('gaussian:block=0', 'block 0: must be'),
    ],
)
def test_values_that_no_filter_takes_are_named_with_those_allowed(spec, words):
    with pytest.raises(InputError, match=words) as error:
        build_refiner(spec, load_skeleton('coco'))
    assert '\n' not in str(error.value)
