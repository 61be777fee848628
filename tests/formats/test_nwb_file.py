"""NWB, read by pynwb and movement."""

import json

import numpy as np
import pytest

from tests.formats.exported import COCO, SCORES, SEEN, export

pynwb = pytest.importorskip('pynwb', reason='pynwb is not installed: pip install pynwb ndx-pose')
pytest.importorskip('ndx_pose', reason='ndx-pose is not installed: pip install ndx-pose')


def test_pynwb_reads_a_series_per_person_and_joint(tmp_path):
    (path,) = export(tmp_path, 'nwb')
    with pynwb.NWBHDF5IO(path, 'r') as file:
        document = file.read()
        assert json.loads(document.notes)['preset'] == 'embedded' and document.identifier == 'clip'
        behaviour = document.processing['behavior']
        for person in (0, 1):
            pose = behaviour[f'id{person + 1}']
            assert list(pose.skeleton.nodes) == list(COCO.names) and len(pose.skeleton.edges) == len(COCO.links)
            for k, name in enumerate(COCO.names):
                series = pose.pose_estimation_series[name]
                np.testing.assert_allclose(series.data[:], SEEN[:, person, k], atol=1e-3)
                np.testing.assert_allclose(series.timestamps[:], np.arange(6) / 25)
                wanted = np.where(np.isnan(SEEN[:, person, k, 0]), 0, SCORES[:, person, k])
                np.testing.assert_allclose(series.confidence[:], wanted, atol=1e-4)


def test_movement_reads_a_person(tmp_path):
    load_poses = pytest.importorskip('movement.io.load_poses', reason='movement is not installed')
    (path,) = export(tmp_path, 'nwb')
    read = load_poses.from_nwb_file(path, pose_estimation_key='id2')
    assert read.attrs['fps'] == 25
    np.testing.assert_allclose(read.position.sel(keypoints='left_knee').values[..., 0], SEEN[:, 1, 13], atol=1e-3)
