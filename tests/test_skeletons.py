"""Skeletons from MMPose's metainfo, and parts of them."""

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.skeletons import load_skeleton, mirror_name, side_of


def test_a_subset_keeps_its_mirror_joints_and_limbs():
    full = load_skeleton('coco')
    names = ('right_hip', 'nose', 'left_hip', 'left_knee', 'right_knee')
    part = full.subset(names)
    assert part.names == names and part.flip_indices == (2, 1, 0, 4, 3)
    assert {frozenset(names[k] for k in link) for link in part.links} == {
        frozenset(pair) for pair in (('left_hip', 'right_hip'), ('left_hip', 'left_knee'), ('right_hip', 'right_knee'))
    }
    np.testing.assert_array_equal(part.sigmas, full.sigmas[[12, 0, 11, 13, 14]])
    assert part.sides == ('right', '', 'left', 'left', 'right')


def test_a_subset_says_what_it_lacks():
    with pytest.raises(InputError, match="'tail'"):
        load_skeleton('coco').subset(('nose', 'tail'))
    with pytest.raises(InputError, match="'left_hip' is chosen without 'right_hip'"):
        load_skeleton('coco').subset(('nose', 'left_hip'))


@pytest.mark.parametrize('name', ['coco', 'halpe26', 'blazepose33'])
def test_names_tell_mirror_joints_as_the_metainfo_does(name):
    skeleton = load_skeleton(name)
    mirrored = [skeleton.names[k] for k in skeleton.flip_indices]
    assert [mirror_name(joint) for joint in skeleton.names] == mirrored
    assert {side_of(joint) for joint in skeleton.names} == {'', 'left', 'right'}


def test_a_name_without_a_side_is_its_own_mirror():
    assert [mirror_name(name) for name in ('nose', 'left', 'upright_joint')] == ['nose', 'left', 'upright_joint']
