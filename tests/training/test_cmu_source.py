"""CMU's motion: the file's layout, the axes, and the joints that are made of it."""

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.training.joint_sets import JOINT_SETS
from pipeline.training.sources import cmu

COCO = JOINT_SETS['coco17'].names


def standing(frames=4):
    """A figure of 1.8 m that faces -y with hanging arms, in the file's axes (y up), tenths of a millimetre."""
    pose = dict(pelvis=(0, 1, 0), spine=(0, 1.2, 0), thorax=(0, 1.4, 0), neck=(0, 1.5, 0), head=(0, 1.6, 0))
    for side, x in (('left', 1), ('right', -1)):
        arm = dict(shoulder=(0.2 * x, 1.45), elbow=(0.2 * x, 1.15), wrist=(0.2 * x, 0.95), hand=(0.2 * x, 0.9))
        leg = dict(hip=(0.1 * x, 0.95), knee=(0.1 * x, 0.5), ankle=(0.1 * x, 0.1), toe=(0.1 * x, 0.0))
        pose.update({f'{side}_{part}': (*xy, 0.15 if part == 'toe' else 0.0) for part, xy in {**arm, **leg}.items()})
    still = np.rint(1e4 * np.array([pose[name] for name in cmu.NAMES])).astype(np.int16)
    return np.concatenate([still[None], np.zeros((frames - 1, 21, 3), np.int16)])


def test_differences_add_up_to_metres_with_z_up(tmp_path):
    moving = standing()
    moving[2:] = [1000, 0, 0]  # 0.1 m a frame from the third on
    np.savez(tmp_path / 'mocap.npz', names=np.array(cmu.NAMES), **{'walk/joints': moving, 'walk/fps': 60.0})
    ((name, joints, fps),) = cmu.load_sequences(tmp_path)
    assert (name, fps, joints.shape) == ('walk', 60.0, (4, 21, 3))
    head = joints[:, cmu.NAMES.index('head')]
    np.testing.assert_allclose(head, [[0, 0, 1.6], [0, 0, 1.6], [0.1, 0, 1.6], [0.2, 0, 1.6]], atol=1e-4)


def test_a_body_gets_an_adults_lengths_and_faces_where_its_toes_point(tmp_path):
    np.savez(tmp_path / 'mocap.npz', names=np.array(cmu.NAMES), **{'walk/joints': standing(), 'walk/fps': 60.0})
    ((_, joints, fps),) = cmu.load_sequences(tmp_path)
    pose = dict(zip(COCO, cmu.joints_as(joints, fps, np.random.default_rng(0))[0]))

    def length(a, b):
        return np.linalg.norm(pose[a] - pose[b])

    assert length('left_hip', 'left_knee') == pytest.approx(0.245 * 1.7, abs=1e-5)
    assert length('right_elbow', 'right_wrist') == pytest.approx(0.146 * 1.7, abs=1e-5)
    assert length('left_shoulder', 'right_shoulder') == pytest.approx(0.205 * 1.7, abs=1e-5)
    assert pose['left_ear'][0] > 0 > pose['right_ear'][0]
    toes = joints[0, cmu.NAMES.index('left_toe'), 1] - joints[0, cmu.NAMES.index('left_ankle'), 1]
    assert np.sign(toes) == np.sign(pose['nose'][1] - pose['left_ear'][1])
    assert pose['nose'][2] > pose['left_shoulder'][2] > pose['left_hip'][2]


def test_frames_with_arms_spread_at_the_beginning_are_cut():
    joints = np.cumsum(standing(), axis=0).astype(np.float32) / 1e4
    spread = joints.copy()
    for side, x in (('left', 1), ('right', -1)):
        for part, reach in (('elbow', 0.5), ('wrist', 0.7), ('hand', 0.75)):
            spread[:3, cmu.NAMES.index(f'{side}_{part}')] = (x * reach, 1.45, 0)
    ((_, kept, _),) = cmu.without_rest_pose([('dance', spread, 60.0)])
    np.testing.assert_array_equal(kept, spread[3:])
    ((_, kept, _),) = cmu.without_rest_pose([('walk', joints, 60.0)])
    assert len(kept) == 4


def test_a_folder_without_the_file_is_one_line(tmp_path):
    with pytest.raises(InputError, match='mocap.npz: not found'):
        cmu.load_sequences(tmp_path)


def test_the_shared_file_holds_its_frames(shared):
    motion = cmu.load_sequences(shared('data', 'cmu', 'mocap.npz').parent)
    assert (len(motion), sum(len(joints) for _, joints, _ in motion)) == (55, 86184)
