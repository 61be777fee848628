"""Rotations as SMPL stores them and as networks see them.

SMPL's axis-angle vectors jump where a turn passes 180 degrees; the first two columns of the
rotation matrix do not (Zhou et al., "On the Continuity of Rotation Representations in
Neural Networks", CVPR 2019). These six numbers are stored row by row, as SPIN and the
DeciWatch family store them. Legend: ``...`` any leading axes.
"""

import numpy as np
from scipy.spatial.transform import Rotation


def axis_angle_to_6d(axis_angle: np.ndarray) -> np.ndarray:
    """``(..., 3)`` radians -> ``(..., 6)`` float64."""
    matrices = Rotation.from_rotvec(np.asarray(axis_angle, np.float64).reshape(-1, 3)).as_matrix()
    return matrices[:, :, :2].reshape(*axis_angle.shape[:-1], 6)


def matrix_from_6d(six: np.ndarray) -> np.ndarray:
    """Gram-Schmidt: ``(..., 6)``, not necessarily orthonormal, -> rotation matrices ``(..., 3, 3)``.

    Where the two columns are zero or parallel the answer is NaN.
    """
    columns = np.asarray(six, np.float64).reshape(*six.shape[:-1], 3, 2)
    first, second = columns[..., 0], columns[..., 1]
    with np.errstate(divide='ignore', invalid='ignore'):
        x = first / np.linalg.norm(first, axis=-1, keepdims=True)
        y = second - (x * second).sum(-1, keepdims=True) * x
        y = y / np.linalg.norm(y, axis=-1, keepdims=True)
    return np.stack([x, y, np.cross(x, y)], axis=-1)


def axis_angle_from_6d(six: np.ndarray) -> np.ndarray:
    """``(..., 6)`` -> ``(..., 3)`` radians, of length 0 to pi."""
    matrices = matrix_from_6d(six).reshape(-1, 3, 3)
    return Rotation.from_matrix(matrices).as_rotvec().reshape(*six.shape[:-1], 3)


def geodesic_distance(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Angle between rotation matrices ``(..., 3, 3)`` twice -> ``(...)`` degrees."""
    trace = np.einsum('...ij,...ij->...', first, second)
    # the arc cosine is useless near 0: the sine, from the antisymmetric part, is exact there
    turn = np.einsum('...ji,...jk->...ik', first, second)
    skew = np.stack(
        [turn[..., 2, 1] - turn[..., 1, 2], turn[..., 0, 2] - turn[..., 2, 0], turn[..., 1, 0] - turn[..., 0, 1]],
        axis=-1,
    )
    return np.degrees(np.arctan2(np.linalg.norm(skew, axis=-1) / 2, (trace - 1) / 2))
