import numpy as np
import pytest

from pipeline.evaluation.rotations import (
    axis_angle_from_6d,
    axis_angle_to_6d,
    geodesic_distance,
    matrix_from_6d,
)


def test_quarter_turn_by_hand():
    six = axis_angle_to_6d(np.array([[0.0, 0.0, np.pi / 2]]))
    assert six[0] == pytest.approx([0, -1, 1, 0, 0, 0])  # rows of the first two columns
    assert matrix_from_6d(six)[0] == pytest.approx(np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]]))


def test_there_and_back():
    vectors = np.random.default_rng(0).normal(size=(5, 24, 3))
    vectors *= np.minimum(1, 3 / np.linalg.norm(vectors, axis=-1, keepdims=True))
    six = axis_angle_to_6d(vectors)
    assert six.shape == (5, 24, 6)
    assert axis_angle_from_6d(six) == pytest.approx(vectors)
    assert axis_angle_from_6d(3 * six) == pytest.approx(vectors)  # lengths do not matter


def test_blended_rotations_are_rotations():
    six = axis_angle_to_6d(np.random.default_rng(1).normal(size=(40, 3)))
    matrices = matrix_from_6d((six[:20] + six[20:]) / 2)
    assert matrices @ np.swapaxes(matrices, 1, 2) == pytest.approx(np.tile(np.eye(3), (20, 1, 1)), abs=1e-12)
    assert np.linalg.det(matrices) == pytest.approx(np.ones(20))


@pytest.mark.parametrize('degrees', [1e-5, 0.5, 90, 179.9])
def test_geodesic_distance_is_exact_at_both_ends(degrees):
    axis = np.array([2.0, -1, 2]) / 3
    start = matrix_from_6d(axis_angle_to_6d(np.array([0.3, 0.2, -0.5])))
    turn = matrix_from_6d(axis_angle_to_6d(np.radians(degrees) * axis))
    assert geodesic_distance(start, start @ turn) == pytest.approx(degrees, rel=1e-6)


def test_no_rotation_is_no_number():
    assert np.isnan(matrix_from_6d(np.zeros((1, 6)))).any()
