"""Metres and metres per second as CSV, and Pose2Sim's calibration files."""

import csv
from fractions import Fraction

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.formats import RunInfo, open_exporter
from pipeline.formats.calibration import read_calibration
from pipeline.kinematics.metres import MetreOptions
from pipeline.options import OutputOptions, check
from pipeline.skeletons import load_skeleton
from pipeline.types import Frame, FrameResult, People, VideoInfo
from pipeline.writers import metre_options

SKELETON = load_skeleton('coco')
VIDEO = VideoInfo('clip', 640, 481, Fraction(10))


def write(path, offsets, **options):
    with open_exporter('metres', path, RunInfo(), SKELETON, VIDEO, **options) as exporter:
        for i, x in enumerate(offsets):
            people = People.empty(17)
            if x is not None:
                points = np.tile(np.array([x, 280.0], np.float32), (1, 17, 1))
                box, ones = np.array([[0, 0, 9, 9]], np.float32), np.ones((1, 17), np.float32)
                people = People(box, ones[:, 0], points, ones, np.array([3]))
            exporter.write(FrameResult(Frame(i, i / 10, None), people))


def rows_of(path, joint):
    with open(path, newline='') as file:
        return [row for row in csv.DictReader(file) if row['joint'] == joint]


def test_metres_and_metres_per_second(tmp_path):
    write(tmp_path / 'clip_metres.csv', [100, 110, 120, None, 140, 150, 160], metres=MetreOptions(scale=200))
    rows = rows_of(tmp_path / 'clip_metres.csv', 'hip_center')
    assert [row['frame'] for row in rows] == ['0', '1', '2', '4', '5', '6']
    np.testing.assert_allclose([float(row['x']) for row in rows], np.array([100, 110, 120, 140, 150, 160]) / 200)
    assert {row['y'] for row in rows} == {'1.0'}
    # 10 px in a tenth of a second; unknown beside the gap and at the ends
    assert [row['vx'] for row in rows] == ['', '0.5', '', '', '0.5', '']
    assert rows_of(tmp_path / 'clip_metres.csv', 'left_knee')[1]['speed'] == '0.5'


@pytest.mark.parametrize('line', ['1,2,3', '1,1,1,1', 'nan,1,2,3', 'inf,0,1,1', 'a,b,c,d'])
def test_a_floor_line_that_is_none_is_refused_before_any_work(line):
    with pytest.raises(InputError, match=f"--floor '{line}': must be two different points x1,y1,x2,y2"):
        check(OutputOptions(scale=100.0, floor=line))


def test_a_floor_line_without_a_scale_is_refused():
    with pytest.raises(InputError, match='--floor 1,2,3,4: .*give --person-height or --scale too'):
        metre_options(OutputOptions(floor='1,2,3,4'), VIDEO)


def test_without_a_scale_there_are_no_metres(tmp_path):
    with pytest.raises(InputError, match='one of --person-height, --scale and --calibration'):
        write(tmp_path / 'clip_metres.csv', [1])
    assert not list(tmp_path.iterdir())


CALIBRATION = """
[cam_01]
name = "cam_01"
size = [ 640.0, 480.0]
matrix = [ [ 500.0, 0.0, 320.0], [ 0.0, 500.0, 240.0], [ 0.0, 0.0, 1.0]]
distortions = [ 0.0, 0.0, 0.0, 0.0]
rotation = [ 1.5707963, 0.0, 0.0]
translation = [ 0.0, 1.0, 4.0]
fisheye = false

[metadata]
adjusted = false
"""


def test_a_camera_is_read_as_pose2sim_writes_it(tmp_path):
    path = tmp_path / 'Calib.toml'
    path.write_text(CALIBRATION)
    camera = read_calibration(path, 'any', (640, 480))
    np.testing.assert_allclose(camera.K[0], [500, 0, 320])
    np.testing.assert_allclose(camera.R @ [0, 0, 1], [0, -1, 0], atol=1e-6)  # up in the world is up in the picture
    half = read_calibration(path, 'any', (320, 240))
    np.testing.assert_allclose(half.K, [[250, 0, 160], [0, 250, 120], [0, 0, 1]])


@pytest.mark.parametrize(
    'content, said',
    [
        (
            CALIBRATION.replace('[cam_01]', '[cam_02]\nmatrix = []\n[cam_01]'),
            "no camera is called 'clip'.*cam_02, cam_01",
        ),
        (CALIBRATION.replace('matrix = [ [ 500.0', 'matrix = [ [ "wide"'), 'cam_01.matrix: 3 x 3 numbers expected'),
        (CALIBRATION.replace('640.0, 480.0', '480.0, 640.0'), 'pictures of 480 x 640 px, the video of 640 x 480'),
        ('[metadata]\nadjusted = false\n', 'there are none'),
        ('no toml', 'not a readable calibration file'),
        (CALIBRATION.replace('[ [ 500.0', '[ [ 0.0'), 'diagonal of matrix must be over 0'),
        (CALIBRATION.replace('640.0, 480.0', '0.0, 480.0'), 'size and the diagonal'),
        (CALIBRATION.replace('1.5707963', '3.1415926'), 'cam_01 looks straight up or down'),
    ],
)
def test_what_is_wrong_with_a_calibration_is_one_line(tmp_path, content, said):
    path = tmp_path / 'Calib.toml'
    path.write_text(content)
    with pytest.raises(InputError, match=said) as error:
        read_calibration(path, 'clip', (640, 480))
    assert '\n' not in str(error.value)
