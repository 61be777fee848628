"""PNG plots."""

import os
from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.formats import PoseFile, PoseFrame
from pipeline.report import write_plots
from pipeline.report.curves import track_curves
from pipeline.report.plots import plot_angles, plot_joint
from pipeline.skeletons import Skeleton
from pipeline.types import People, VideoInfo

LEG = Skeleton(
    'leg',
    ('left_hip', 'left_knee', 'left_ankle'),
    ((0, 1), (1, 2)),
    (0, 1, 2),
    np.full(3, 0.05, np.float32),
    ('left',) * 3,
)


@pytest.fixture
def poses():
    frames = []
    for i in range(12):
        keypoints = np.array([[[i, 0], [i, 10], [i + 3, 20]]], np.float32)
        frames.append(
            PoseFrame(
                i,
                i / 10,
                People(
                    np.zeros((1, 4), np.float32),
                    np.ones(1, np.float32),
                    keypoints,
                    np.full((1, 3), 0.7, np.float32),
                    np.array([3], np.int64),
                    keypoints + 1,
                    filled=np.array([4 <= i < 6]),
                ),
            )
        )
    return PoseFile(frames, LEG, VideoInfo('clip', 64, 48, Fraction(10)), {})


def test_lines_are_the_curves(poses):
    (track,) = track_curves(poses)
    figure = plot_joint(track, LEG, 2)
    before, after = figure.axes[0].lines
    np.testing.assert_allclose(after.get_ydata(), 3 + np.arange(12))
    np.testing.assert_allclose(before.get_ydata()[:4], 4 + np.arange(4))
    assert np.isnan(before.get_ydata()[4:6]).all()
    np.testing.assert_allclose(figure.axes[2].lines[1].get_ydata()[1:-1], 10, rtol=1e-5)
    assert figure.axes[1].yaxis_inverted() and figure.axes[-1].get_xlabel() == 'time (s)'
    angles = plot_angles(track, LEG)
    knee = -np.degrees(np.arctan(0.3))  # bent to the front
    np.testing.assert_allclose(angles.axes[0].lines[1].get_ydata(), knee, rtol=1e-5)


def test_files_per_person_and_joint(tmp_path, poses):
    files = write_plots(tmp_path, poses)
    assert [f.name for f in files] == ['clip_id3_left_ankle.png', 'clip_id3_angles.png']
    picture = cv2.imread(str(files[0]))
    assert picture.shape[1] == 1400 and picture.mean() > 200 and picture.min() < 60
    with pytest.raises(InputError, match='exists already'):
        write_plots(tmp_path, poses)
    with pytest.raises(InputError, match="joint 'tail' is not in skeleton"):
        write_plots(tmp_path, poses, joints=['tail'], force=True)


def test_names_of_joints_cannot_leave_the_folder(tmp_path, poses):
    names = ('../../left_hip', 'left\nknee', 'left_ankle')
    poses = replace(poses, skeleton=replace(poses.skeleton, names=names))
    written = write_plots(tmp_path / 'plots', poses)
    assert written and all(path.parent == tmp_path / 'plots' and path.is_file() for path in written)
    assert os.listdir(tmp_path) == ['plots'] and not [path for path in written if '\n' in path.name]
