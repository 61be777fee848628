"""Filters against their definitions, and the joints that nobody saw."""

import numpy as np
import pytest
from scipy.signal import savgol_filter

from pipeline.errors import InputError
from pipeline.refine import build_refiner
from pipeline.refine.filters import OneEuroSmoother, bridge_missing, gaussian, savgol
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
