"""Angles as CSV and as OpenSim's motion files."""

import csv
from fractions import Fraction

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.formats import RunInfo, open_exporter
from pipeline.skeletons import load_skeleton
from pipeline.types import Frame, FrameResult, People, VideoInfo

SKELETON = load_skeleton('halpe26')
VIDEO = VideoInfo('clip', 640, 480, Fraction(10))


def bent(degrees: float, way: float = 1) -> np.ndarray:
    """``(26, 2)`` px: somebody upright whose left knee is bent; ``way`` 1 faces right, -1 left."""
    pose = np.tile(np.array([100.0, 50.0]), (26, 1))
    angle = np.radians(degrees)
    shank = np.array([-np.sin(angle), np.cos(angle)]) * 40
    points = dict(left_shoulder=(0, 50), right_shoulder=(0, 50), left_hip=(0, 100), right_hip=(0, 100))
    points.update(left_knee=(0, 140), left_ankle=(shank[0], 140 + shank[1]))
    points.update(left_heel=(-5, 185), left_big_toe=(20, 185), right_heel=(-5, 185), right_big_toe=(20, 185))
    for name, (x, y) in points.items():
        pose[SKELETON.index(name)] = 300 + way * x, y
    return pose


def write(path, poses, **options):
    """Frames with one person of id 2, or with nobody where a pose is None."""
    with open_exporter('angles', path, RunInfo(), SKELETON, VIDEO, **options) as exporter:
        for i, pose in enumerate(poses):
            people = People.empty(26)
            if pose is not None:
                scores = np.ones((1, 26), np.float32)
                scores[0, SKELETON.index('right_wrist')] = 0
                box, ones = np.array([[0, 0, 9, 9]], np.float32), np.ones(1, np.float32)
                people = People(box, ones, pose[None].astype(np.float32), scores, np.array([2]))
            exporter.write(FrameResult(Frame(i, i / 10, None), people))
    return exporter.files


def rows_of(path):
    with open(path, newline='') as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize('way, side', [(1, 'right'), (-1, 'left')])
def test_the_knee_bends_as_fast_as_it_does(tmp_path, way, side):
    write(tmp_path / 'clip_angles.csv', [bent(5 * i, way) for i in range(8)])
    rows = rows_of(tmp_path / 'clip_angles.csv')
    assert [row['track_id'] for row in rows] == ['2'] * 8 and {row['facing'] for row in rows} == {side}
    np.testing.assert_allclose([float(row['left_knee']) for row in rows], 5 * np.arange(8), atol=1e-3)
    assert rows[0]['left_knee_speed'] == rows[-1]['left_knee_speed'] == ''
    np.testing.assert_allclose([float(row['left_knee_speed']) for row in rows[1:-1]], 50, atol=0.01)
    assert {row['right_forearm'] for row in rows} == {''}  # its wrist was not seen


def test_frames_without_the_person_are_empty(tmp_path):
    write(tmp_path / 'clip_angles.csv', [None, bent(10), None, None, bent(10), bent(10), None])
    rows = rows_of(tmp_path / 'clip_angles.csv')
    assert [row['frame'] for row in rows] == ['1', '2', '3', '4', '5']
    assert [row['left_knee'] for row in rows] == ['10.0', '', '', '10.0', '10.0']


def test_a_motion_file_is_what_opensim_reads(tmp_path):
    files = write(tmp_path / 'clip_angles.csv', [bent(10), None, bent(30)])
    assert {file.name for file in files} == {
        'clip_angles.csv',
        'clip_angles.csv.run.json',
        'clip_id2_angles.mot',
    }
    head, _, table = (tmp_path / 'clip_id2_angles.mot').read_text().partition('endheader\n')
    columns, *lines = [line.split('\t') for line in table.splitlines()]
    assert 'nRows=3\n' in head and f'nColumns={len(columns)}\n' in head and 'inDegrees=yes\n' in head
    values = np.array(lines, float)
    assert values[:, 0].tolist() == [0, 0.1, 0.2]
    np.testing.assert_allclose(values[:, columns.index('left_knee')], [10, np.nan, 30], atol=1e-3)
    np.testing.assert_allclose(values[[0, 2], columns.index('trunk')], 90)


def test_a_side_that_is_told_counts(tmp_path):
    write(tmp_path / 'clip_angles.csv', [bent(10)], facing='left')
    assert float(rows_of(tmp_path / 'clip_angles.csv')[0]['left_knee']) == -10
    with pytest.raises(InputError, match='facing .up.*auto, right, left'):
        write(tmp_path / 'other_angles.csv', [bent(10)], facing='up')
