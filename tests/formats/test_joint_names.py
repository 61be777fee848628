"""Joints by name."""

import pytest

from pipeline.formats.joint_names import joint_names, names_by_count, skeleton_of


def test_other_tools_names_become_ours():
    names = (
        'LShoulder',
        'shoulder_left',
        'right knee',
        'Nose',
        'RHIP',
        'CHip',
        'LBigToe',
        'wrist.R',
        'mouth_left',
        'tail',
    )
    ours = (
        'left_shoulder',
        'shoulder_left',
        'right_knee',
        'nose',
        'right_hip',
        'mid_hip',
        'left_big_toe',
        'right_wrist',
    )
    assert joint_names(names) == (*ours, 'left_mouth', 'tail')  # the second left shoulder keeps its name


def test_no_name_is_taken_for_another():
    strange = ('shoulder1', 'lip', 'rear', 'left_right_knee', 'L', 'ankle', 'noses', 'face-0', 'A')
    assert joint_names(strange) == strange


def test_unnamed_joints_are_told_by_their_number():
    assert names_by_count(17)[9] == 'left_wrist' and names_by_count(18)[1] == 'neck'
    assert names_by_count(25)[8] == 'mid_hip' and names_by_count(133)[17] == 'left_big_toe'
    with pytest.raises(ValueError, match='16 joints without names; known are 17, 18, 25'):
        names_by_count(16)


def test_a_skeleton_of_some_joints_has_their_limbs_and_mirrors():
    skeleton = skeleton_of(('left_knee', 'right_knee', 'left_ankle', 'tail'), 'mine')
    assert skeleton.links in (((2, 0),), ((0, 2),)) and skeleton.flip_indices == (1, 0, 2, 3)
    assert skeleton.sides == ('left', 'right', 'left', '') and skeleton.name == 'mine'
    assert skeleton_of(names_by_count(17), 'mine').name == 'coco'
