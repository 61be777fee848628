"""Joint sets: every joint by name, from the same joint in each source."""

import numpy as np
import pytest

from pipeline.skeletons import load_skeleton
from pipeline.training.joint_sets import JOINT_SETS
from pipeline.training.motion import PoseSequence
from pipeline.training.sources import h36m, penn_action
from pipeline.training.sources.coco_motion import from_picture, h36m_as

# MMPose's order
H36M = [
    'root',
    'right_hip',
    'right_knee',
    'right_ankle',
    'left_hip',
    'left_knee',
    'left_ankle',
    'spine',
    'thorax',
    'upper_neck',
    'head_top',
    'left_shoulder',
    'left_elbow',
    'left_wrist',
    'right_shoulder',
    'right_elbow',
    'right_wrist',
]


@pytest.mark.parametrize('name, count, real', [('coco17', 17, 12), ('posetrack15', 15, 14)])
def test_sources_agree_on_names(name, count, real):
    joints = JOINT_SETS[name]
    assert len(joints.names) == count and len(joints.real) == real
    for k, truth, estimate in zip(joints.real, joints.h36m, joints.hourglass):
        assert H36M[truth] == h36m.MPII_NAMES[estimate]
        assert joints.names[k] == {'upper_neck': 'head_bottom'}.get(H36M[truth], H36M[truth])


def test_coco_is_mmposes():
    assert JOINT_SETS['coco17'].names == load_skeleton('coco').names
    assert JOINT_SETS['coco17'].skeleton.flip_indices == load_skeleton('coco').flip_indices


def test_posetrack_is_mmposes_without_ears():
    joints, full = JOINT_SETS['posetrack15'], load_skeleton('posetrack18')
    assert list(joints.names) == [name for name in full.names if 'ear' not in name]
    for k, mirror in enumerate(joints.skeleton.flip_indices):
        assert full.names[full.flip_indices[full.index(joints.names[k])]] == joints.names[mirror]


def person() -> np.ndarray:
    """Human3.6M's joints of someone who stands, looking along x; mm, z up."""
    world = np.random.default_rng(0).normal(0, 5, (3, 17, 3))
    world[:, 8] += [0, 0, 1400]
    world[:, 9] += [0, 0, 1480]
    world[:, 10] += [0, 0, 1700]
    world[:, 11] += [0, 200, 1400]
    world[:, 14] += [0, -200, 1400]
    return world


def test_human36m_keeps_its_own_head():
    world, joints = person(), JOINT_SETS['posetrack15']
    pose = h36m_as(world, np.random.default_rng(1), joints)
    np.testing.assert_allclose(pose[:, joints.names.index('head_top')], world[:, 10], atol=1e-3)
    np.testing.assert_allclose(pose[:, joints.names.index('head_bottom')], world[:, 9], atol=1e-3)
    np.testing.assert_allclose(pose[:, joints.names.index('left_knee')], world[:, 5], atol=1e-3)
    nose = pose[:, 0] - world[:, 9]
    assert (nose[:, 2] > 0).all() and (nose[:, 2] < 150).all() and (np.linalg.norm(nose, axis=-1) > 50).all()


def test_pictures_get_a_head_of_their_size():
    points = np.zeros((4, 13, 2), np.float32)
    points[:, 0] = [100, 20]  # head
    points[:, [1, 2]] = [[115, 60], [85, 60]]  # left and right shoulder
    points[:, 3:] = np.linspace([90, 100], [110, 220], 10)
    sequence = PoseSequence('a', points, np.ones((4, 13), np.float32), 30.0)
    sequence.weight[0, 0] = 0
    joints = JOINT_SETS['posetrack15']
    truth, weight = from_picture(sequence, penn_action.NAMES, 'head', np.random.default_rng(0), joints)
    top, bottom = (truth[:, joints.names.index(name)] for name in ('head_top', 'head_bottom'))
    np.testing.assert_allclose(bottom - top, np.tile([0, 0.13 * 200], (4, 1)), atol=1e-3)
    np.testing.assert_allclose((bottom + top) / 2, points[:, 0], atol=1e-3)
    np.testing.assert_array_equal(weight[:, :3], [[0] * 3] + [[0.5] * 3] * 3)
    np.testing.assert_array_equal(truth[:, 3:5], points[:, 1:3])
