import numpy as np
import pytest

from pipeline.training.augmentation.definition_offset import DefinitionOffset


def poses(frames=400):
    truth = np.random.default_rng(0).uniform(-50, 50, (frames, 5, 2))
    truth[:, 0], truth[:, 1] = [-100, -100], [100, 100]  # size 200
    return truth


def test_mean_offset_by_hand():
    truth = poses()
    estimate = truth + 0.01 * 200 * np.array([1.0, -2.0])
    offset = DefinitionOffset.fit([(estimate, truth)], step=1)
    assert offset.coefficients.reshape(5, 2) == pytest.approx(np.tile([0.01, -0.02], (5, 1)), abs=1e-6)
    assert offset.remove(estimate, truth) == pytest.approx(truth, abs=1e-3)
    # half the figure, half the offset
    assert offset.remove(estimate / 2, truth / 2) == pytest.approx(truth / 2, abs=1e-3)


def test_an_offset_that_follows_the_pose_ignores_outliers():
    truth = poses()
    estimate = truth.copy()
    estimate[:, 2] += 0.05 * (truth[:, 3] - truth[:, 2])  # a joint drawn towards its neighbour
    estimate[::10, 4] += 90  # misses
    offset = DefinitionOffset.fit([(estimate, truth)], follow_pose=True, step=1, ridge=1e-6)
    cleaned = offset.remove(estimate, truth)
    assert np.abs(cleaned - truth)[:, 2].mean() < 0.05
    assert np.abs(cleaned - truth)[::10, 4] == pytest.approx(90, abs=0.5)
