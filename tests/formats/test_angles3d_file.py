"""Angles in space: hand-made poses, and the file."""

import numpy as np
import pytest

from pipeline.kinematics.spatial import spatial_angles
from tests.formats.test_in_space import written
from tests.lift.toy import BODY
from tests.lift.toy import NAMES as COCO


def standing():
    """y up, straight limbs that hang down, looks along z (towards the camera), ``(1, 17, 3)``."""
    pose = np.stack([BODY[:, 0], -BODY[:, 1], 0 * BODY[:, 2]], axis=-1)
    for side in ('left', 'right'):
        for joint in ('elbow', 'wrist'):
            pose[COCO.index(f'{side}_{joint}'), 0] = pose[COCO.index(f'{side}_shoulder'), 0]
    return pose[None]


def test_who_stands_straight_has_angles_of_zero():
    for name, value in spatial_angles(standing(), COCO).items():
        assert value[0] == pytest.approx(0, abs=1e-6), name


def test_a_thigh_ahead_and_outwards_a_bent_knee_and_a_raised_arm():
    pose = standing()
    hip = pose[0, COCO.index('left_hip')]
    pose[0, COCO.index('left_knee')] = hip + 0.41 * np.array(
        [np.sin(0.3), -np.cos(0.3) * np.cos(0.5), np.cos(0.3) * np.sin(0.5)]
    )
    pose[0, COCO.index('left_ankle')] = pose[0, COCO.index('left_knee')] + [0, 0, -0.4]
    for joint, far in (('elbow', 0.3), ('wrist', 0.55)):
        pose[0, COCO.index(f'right_{joint}')] = pose[0, COCO.index('right_shoulder')] + [-far, 0, 0]
    angles = {name: value[0] for name, value in spatial_angles(pose, COCO).items()}
    assert angles['hip_flexion_l'] == pytest.approx(np.degrees(0.5), abs=1e-4)
    assert angles['hip_abduction_l'] == pytest.approx(np.degrees(0.3), abs=1e-4)
    assert angles['arm_abduction_r'] == pytest.approx(90) and angles['elbow_flex_r'] == pytest.approx(0, abs=1e-5)
    thigh = pose[0, COCO.index('left_knee')] - hip
    assert angles['knee_angle_l'] == pytest.approx(np.degrees(np.arccos(-thigh[2] / 0.41)), abs=1e-4)
    assert angles['hip_flexion_r'] == pytest.approx(0, abs=1e-5)


def test_a_back_that_leans_ahead_and_to_the_left():
    pose = standing()
    upper = [k for k, name in enumerate(COCO) if 'hip' not in name and 'knee' not in name and 'ankle' not in name]
    pose[0, upper] += [0.49, 0, 0]
    assert spatial_angles(pose, COCO)['trunk_lateral'][0] == pytest.approx(45)
    pose[0, upper] += [-0.49, 0, 0.49]
    assert spatial_angles(pose, COCO)['trunk_flexion'][0] == pytest.approx(45)


def test_the_file_has_a_row_a_frame_and_nan_in_gaps(tmp_path):
    paths = written('angles3d', tmp_path / 'clip_angles3d.mot', present=lambda i: i >= 5 and i != 20)
    path = next(path for path in paths if path.suffix == '.mot')
    assert path.name == 'clip_id3_angles3d.mot'
    lines = path.read_text().splitlines()
    head = lines.index('endheader')
    assert {'nRows=35', 'inDegrees=yes', 'Angles are in degrees.'} <= set(lines[:head])
    names = lines[head + 1].split('\t')
    table = np.array([[float(v) for v in line.split('\t')] for line in lines[head + 2 :]])
    assert table.shape == (35, len(names)) and table[0, 0] == pytest.approx(5 / 30, abs=1e-6)
    assert np.isnan(table[15, 1:]).all() and np.isfinite(table[14]).all()
    # as the walker of the test bends: 24 degrees in the mean, 16 more or less
    knee = table[:, names.index('knee_angle_l')]
    assert np.nanmin(knee) > 5 and np.nanmax(knee) < 42 and np.nanmean(knee) == pytest.approx(24, abs=5)
