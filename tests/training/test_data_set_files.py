"""Files of data sets: what is missing or broken is said in one line, and joints that nobody labelled are bridged."""

import json

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.training.sources import cmu, h36m, jhmdb, penn_action

CAMERA = dict(R=np.eye(3).tolist(), centre_mm=[0, 0, 0], f=[1000, 1000], c=[500, 400], k=[0, 0, 0], p=[0, 0])


def h36m_recordings(folder):
    (folder / 'cameras.json').write_text(json.dumps({'S1/1': CAMERA}))
    return list(h36m.load_recordings(folder, ['S1']))


SOURCES = {
    'S1.npz': h36m_recordings,
    'mocap.npz': cmu.load_sequences,
    'train.npz': jhmdb.load_jhmdb,
    'train.npz ': penn_action.load_penn_action,
}


@pytest.mark.parametrize('name', SOURCES)
@pytest.mark.parametrize('content', [b'', b'It was a dark and stormy night.', b'PK\3\4 cut off'])
def test_broken_arrays_are_named(tmp_path, name, content):
    path = tmp_path / name.strip()
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        SOURCES[name](tmp_path)
    assert str(error.value).startswith(f'{path}: not ') and '\n' not in str(error.value)


def test_a_truth_of_objects_is_not_opened(tmp_path):
    np.savez(tmp_path / 'train.npz', **{'0001/keypoints': np.array([{}], object)})
    with pytest.raises(InputError, match='holds pickled objects'):
        jhmdb.load_jhmdb(tmp_path)


@pytest.mark.parametrize('content', ['{', '[]', '{"S1/1": 5}', '{"S1/1": {"R": 1}}'])
def test_broken_cameras_are_named(tmp_path, content):
    (tmp_path / 'cameras.json').write_text(content)
    with pytest.raises(InputError, match='cameras.json: '):
        h36m.load_cameras(tmp_path)


def test_a_camera_that_is_not_known_is_named(tmp_path):
    walk = {'Walking/gt3d': np.zeros((3, 17, 3), np.int16), 'Walking/sh2d/7': np.zeros((3, 16, 2), np.int16)}
    np.savez(tmp_path / 'S1.npz', **walk)
    with pytest.raises(InputError, match='S1/Walking: its camera 7 is not in cameras.json'):
        h36m_recordings(tmp_path)


def test_joints_that_nobody_labelled_are_bridged():
    keypoints = np.float32([[[0, 0], [7, 7], [10, 20]], [[9, 9], [7, 7], [20, 40]], [[4, 8], [7, 7], [30, 60]]])
    weight = np.float32([[1, 0, 1], [0, 0, 1], [1, 0, 0]])
    expected = [[[0, 0], [5, 10], [10, 20]], [[2, 4], [20, 40], [20, 40]], [[4, 8], [4, 8], [20, 40]]]
    np.testing.assert_array_equal(penn_action.bridge_unseen(keypoints, weight), np.float32(expected))
