"""Joint and segment angles of poses whose angles are known by hand."""

import numpy as np
import pytest

from pipeline.kinematics import angles_of, angular_speed, body_angles, facing
from pipeline.kinematics.angles import wrapped
from pipeline.kinematics.facing import FacingMemory
from pipeline.skeletons import load_skeleton

SKELETON = load_skeleton('blazepose33')
NAMES = [angle.name for angle in angles_of(SKELETON)]


def standing() -> dict:
    """Somebody who stands upright and faces right, seen from the side; y up, in units of a hundredth of the height."""
    points = dict(nose=(4, 92), neck=(0, 80))
    for side in ('left', 'right'):
        parts = dict(ear=(-2, 92), shoulder=(0, 80), elbow=(0, 62), wrist=(0, 46), index=(0, 38))
        legs = dict(hip=(0, 52), knee=(0, 28), ankle=(0, 6), heel=(-4, 0), foot_index=(12, 0))
        points.update({f'{side}_{part}': at for part, at in {**parts, **legs}.items()})
    return points


def pose(points: dict) -> np.ndarray:
    """``(1, K, 2)`` px, y down."""
    out = np.full((1, SKELETON.num_keypoints, 2), np.nan)
    for name, (x, y) in points.items():
        if name in SKELETON.names:
            out[0, SKELETON.index(name)] = 500 + 5 * x, 900 - 5 * y
    return out


def turned(points: dict, names, around: str, degrees: float) -> dict:
    """``names`` turned anticlockwise around a point."""
    centre, angle = np.array(points[around]), np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return {**points, **{name: tuple(turn @ (np.array(points[name]) - centre) + centre) for name in names}}


def values(points: dict, towards: float = 1) -> dict:
    return dict(zip(NAMES, body_angles(SKELETON, pose(points), np.array([towards]))[0]))


FOOT = ('right_heel', 'right_foot_index')
SHANK = ('right_ankle', *FOOT)
LEG = ('right_knee', *SHANK)
HAND = ('right_index',)
FOREARM = ('right_wrist', *HAND)
ARM = ('right_elbow', *FOREARM)


def test_whoever_stands_has_joints_at_nought():
    found = values(standing())
    for joint in ('ankle', 'knee', 'hip', 'shoulder', 'elbow', 'wrist'):
        assert found[f'left_{joint}'] == pytest.approx(0, abs=1e-9)
    assert found['right_foot'] == pytest.approx(0)
    for segment in ('shank', 'thigh', 'arm', 'forearm'):
        assert found[f'right_{segment}'] == pytest.approx(-90)
    assert found['trunk'] == pytest.approx(90)
    assert found['head'] == pytest.approx(np.degrees(np.arctan2(12, 4)))


@pytest.mark.parametrize(
    'names, around, degrees, angle, expected',
    [
        (SHANK, 'right_knee', -60, 'right_knee', 60),  # the heel to the back
        (SHANK, 'right_knee', 10, 'right_knee', -10),  # overstretched
        (LEG, 'right_hip', 80, 'right_hip', 80),  # the knee to the front
        (LEG, 'right_hip', -20, 'right_hip', -20),
        (FOOT, 'right_ankle', 15, 'right_ankle', 15),  # toes up
        (FOOT, 'right_ankle', -90, 'right_ankle', -90),  # a dancer on tiptoe
        (ARM, 'right_shoulder', 30, 'right_shoulder', 30),
        (ARM, 'right_shoulder', 180, 'right_shoulder', 180),  # overhead
        (ARM, 'right_shoulder', 190, 'right_shoulder', 190),
        (ARM, 'right_shoulder', -40, 'right_shoulder', -40),
        (FOREARM, 'right_elbow', 90, 'right_elbow', 90),
        (HAND, 'right_wrist', 25, 'right_wrist', 25),
        (LEG, 'right_hip', 80, 'right_thigh', -10),
        (SHANK, 'right_knee', -60, 'right_shank', -150),
        (FOOT, 'right_ankle', -20, 'right_foot', -20),
        (ARM, 'right_shoulder', 90, 'right_arm', 0),
        (FOREARM, 'right_elbow', 90, 'right_forearm', 0),
    ],
)
def test_a_turn_by_hand_is_the_angle_whichever_way_one_faces(names, around, degrees, angle, expected):
    moved = turned(standing(), names, around, degrees)
    assert values(moved)[angle] == pytest.approx(expected)
    mirrored = {name: (-x, y) for name, (x, y) in moved.items()}
    assert values(mirrored, -1)[angle] == pytest.approx(expected)


def test_lines_from_side_to_side_are_as_in_the_picture():
    points = {**standing(), 'right_hip': (-6, 52), 'left_hip': (6, 53), 'right_shoulder': (-8, 80)}
    for towards in (1, -1):
        found = values({**points, 'left_shoulder': (8, 80)}, towards)
        assert found['pelvis'] == pytest.approx(np.degrees(np.arctan2(1, 12)))
        assert found['shoulders'] == pytest.approx(0)


def test_gaps_stay_gaps():
    points = standing()
    del points['right_knee']
    found = values(points)
    assert np.isnan(found['right_knee']) and np.isnan(found['right_shank']) and np.isfinite(found['left_knee'])
    assert np.isnan(values({**standing(), 'left_toe': (0, 0), 'left_wrist': (0, 62)})['left_forearm'])


def test_17_joints_have_no_feet_and_no_hands():
    names = {angle.name for angle in angles_of(load_skeleton('coco'))}
    assert {'left_knee', 'right_hip', 'trunk', 'head', 'pelvis'} <= names
    assert not {'left_ankle', 'left_foot', 'left_wrist'} & names
    assert 'left_ankle' in {angle.name for angle in angles_of(load_skeleton('halpe26'))}


def test_speed_goes_the_shorter_way_round_and_knows_no_more_than_its_frames():
    angles = np.array([[170.0, 0], [178, 10], [-174, np.nan], [-166, 30], [-158, 40]])
    speed = angular_speed(angles, np.arange(5) / 10)
    np.testing.assert_allclose(speed[:, 0], [np.nan, 80, 80, 80, np.nan])
    assert np.isnan(speed[:, 1]).all()
    assert wrapped(np.array([180.0, -180.0, 540.0])).tolist() == [180, 180, 180]


def test_feet_say_which_way_one_faces():
    right = pose(standing())
    left = pose({name: (-x, y) for name, (x, y) in standing().items()})
    front = pose({**standing(), 'left_heel': (4, 0), 'left_foot_index': (9, -2), 'right_foot_index': (-9, -2)})
    times = np.arange(90) / 30
    walk = np.concatenate([front.repeat(20, 0), right.repeat(30, 0), front.repeat(10, 0), left.repeat(30, 0)])
    answer = facing(SKELETON, walk, times)
    assert (answer[:55] == 1).all() and (answer[66:] == -1).all()
    assert np.abs(np.diff(answer)).sum() == 2  # turned once
    assert (facing(SKELETON, front.repeat(9, 0), times[:9]) == 1).all()


def test_one_wrong_frame_turns_nobody():
    right, left = pose(standing()), pose({name: (-x, y) for name, (x, y) in standing().items()})
    track = np.concatenate([right.repeat(15, 0), left, right.repeat(15, 0)])
    assert (facing(SKELETON, track, np.arange(31) / 30) == 1).all()
    memory = FacingMemory(SKELETON)
    assert [memory.update(1, at, 1 / 30) for at in track] == [1.0] * 31


def test_who_was_not_asked_about_for_long_is_forgotten():
    left = pose({name: (-x, y) for name, (x, y) in standing().items()})[0]
    nobody = np.full_like(left, np.nan)
    memory = FacingMemory(SKELETON)
    for track_id in range(1, 3000):
        assert memory.update(track_id, left, 1 / 30) == -1
        assert memory.update(0, left, 1 / 30) == -1  # is there all the time
    assert len(memory._votes) <= 1000
    assert [memory.update(one, nobody, 1 / 30) for one in (2999, 0, 1)] == [-1, -1, 1]


def test_without_feet_the_nose_says_it():
    coco = load_skeleton('coco')
    rows = [SKELETON.index(name) for name in coco.names]
    right, left = pose(standing()), pose({name: (-x, y) for name, (x, y) in standing().items()})
    assert facing(coco, right[:, rows], np.zeros(1)) == [1] and facing(coco, left[:, rows], np.zeros(1)) == [-1]
