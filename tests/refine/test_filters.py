"""Filters against their definitions, and the joints that nobody saw."""

import numpy as np
import pytest
import torch
from OneEuroFilter import OneEuroFilter
from scipy.ndimage import gaussian_filter1d, median_filter
from scipy.signal import savgol_filter

from pipeline.errors import InputError
from pipeline.networks.refiners.normalise import fill_missing
from pipeline.refine import build_refiner
from pipeline.refine.filters import OneEuroSmoother, bridge_missing, gaussian, median, savgol
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


def test_unknown_refiners_and_arguments_are_named():
    skeleton = load_skeleton('coco')
    with pytest.raises(InputError, match="unknown refiner 'kalman'.*one-euro"):
        build_refiner('kalman', skeleton)
    with pytest.raises(InputError, match="refiner 'savgol'.*widow"):
        build_refiner(dict(type='savgol', widow=3), skeleton)
