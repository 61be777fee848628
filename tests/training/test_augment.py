import numpy as np
import pytest

from pipeline.training.augmentation.augment import (
    camera_motion,
    mirror,
    other_proportions,
    random_linear,
    virtual_view,
)


def test_mirror_by_hand():
    pose = np.array([[[[1.0, 2], [3, 4]]]])
    weight = np.array([[[0.25, 0.75]]])
    mirrored, weights = mirror((pose, weight), np.array([True]), [1, 0])
    assert mirrored[0, 0].tolist() == [[-3, 4], [-1, 2]] and weights[0, 0].tolist() == [0.75, 0.25]
    kept, _ = mirror((pose, weight), np.array([False]), [1, 0])
    assert kept.tolist() == pose.tolist()


def test_virtual_view_keeps_up_up():
    rng = np.random.default_rng(0)
    figure = np.zeros((50, 3, 2, 3))
    figure[:, :, 1, 2] = 1700.0  # a head above the feet
    view = virtual_view(figure, rng)
    assert (view[:, :, 1, 1] < view[:, :, 0, 1]).all()
    height = view[:, :, 0, 1] - view[:, :, 1, 1]
    assert 1.2 < height.mean() < 1.8


def test_random_linear_keeps_areas():
    matrices = random_linear(100, np.random.default_rng(0))
    assert np.linalg.det(matrices) == pytest.approx(np.ones(100), abs=1e-5)


def test_camera_motion_knows_seconds():
    size, slow, fast = np.full(400, 100.0), np.full(400, 10.0), np.full(400, 100.0)
    rng = np.random.default_rng
    step_slow = np.abs(np.diff(camera_motion(16, size, slow, rng(0)), axis=1)).mean()
    step_fast = np.abs(np.diff(camera_motion(16, size, fast, rng(0)), axis=1)).mean()
    assert step_slow / step_fast == pytest.approx(10, rel=0.25)


def test_other_proportions_change_bones_by_one_factor_a_window():
    rng = np.random.default_rng(0)
    parents, flip = [1, 1, 1, 0, 2], [2, 1, 0, 4, 3]  # a root with two arms of two bones each
    pose = rng.normal(size=(300, 4, 5, 3))
    other = pose + other_proportions(pose, parents, flip, 0.1, rng)
    assert np.array_equal(other[:, :, 1], pose[:, :, 1])
    arms = [0, 2, 3, 4]
    bones, others = (p[:, :, arms] - p[:, :, np.array(parents)[arms]] for p in (pose, other))
    factors = (others * bones).sum(-1) / (bones * bones).sum(-1)  # (300, 4, 4)
    np.testing.assert_allclose(others, bones * factors[..., None], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(factors, np.broadcast_to(factors[:, :1], factors.shape), rtol=1e-6)
    np.testing.assert_allclose(factors[:, 0, [0, 2]], factors[:, 0, [1, 3]], rtol=1e-6)
    assert np.log(factors[:, 0, [0, 2]]).std(axis=0) == pytest.approx([0.1, 0.1], rel=0.2)
    assert abs(np.corrcoef(factors[:, 0, 0], factors[:, 0, 2])[0, 1]) < 0.2
