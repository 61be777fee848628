"""DeepLabCut's CSV, read by pandas and sleap-io."""

import numpy as np
import pytest

from tests.formats.exported import COCO, FIRST, SCORES, SEEN, THERE, export, results


def test_pandas_reads_the_header_and_the_same_points(tmp_path):
    pandas = pytest.importorskip('pandas', reason='pandas is not installed: pip install pandas')
    path, _ = export(tmp_path, 'dlc')
    table = pandas.read_csv(path, header=[0, 1, 2, 3], index_col=0)
    assert table.columns.names == ['scorer', 'individuals', 'bodyparts', 'coords']
    assert table.index.tolist() == list(range(FIRST, FIRST + 6))
    people = table['smooth-poses']
    for person in (0, 1):
        for k, name in enumerate(COCO.names):
            columns = people[f'id{person + 1}'][name]
            np.testing.assert_allclose(columns[['x', 'y']], SEEN[:, person, k], atol=1e-3)
            wanted = np.where(np.isnan(SEEN[:, person, k, 0]), np.nan, SCORES[:, person, k])
            np.testing.assert_allclose(columns['likelihood'], wanted, atol=1e-4)


def test_a_video_without_anybody_still_has_its_frames(tmp_path):
    from pipeline.types import FrameResult, People

    frames = [FrameResult(result.frame, People.empty(17)) for result in results()[:2]]
    path, _ = export(tmp_path, 'dlc', frames=frames)
    assert path.read_text().split() == ['scorer', 'individuals', 'bodyparts', 'coords', '3', '4']


def test_movement_reads_the_same_points(tmp_path):
    load_poses = pytest.importorskip('movement.io.load_poses', reason='movement is not installed')
    path, _ = export(tmp_path, 'dlc')
    read = load_poses.from_dlc_file(path, fps=25)
    positions = read.position.transpose('time', 'individuals', 'keypoints', 'space').values
    np.testing.assert_allclose(positions, SEEN, atol=1e-3)
    assert THERE.shape == positions.shape[:2]
