"""What readers gather: whose ids can be taken, boxes that hold nothing, times that run back."""

from fractions import Fraction

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.formats.found_poses import Gatherer, Given

NAMES = ('nose', 'left_wrist', 'right_wrist')
POSE = [[10, 10], [20, 40], [50, 30]]


def gathered(ids=((1, 2), (1, 2)), times=None, given=None, **person):
    gatherer = Gatherer('poses.json', 'test', NAMES, given or Given())
    for frame, found in enumerate(ids):
        for track_id in found:
            gatherer.person(frame, POSE, track_id=track_id, time=None if times is None else times[frame], **person)
    return gatherer.poses()


@pytest.mark.parametrize(
    'ids, why',
    [
        (((1, 2), (1, 2)), ''),
        (((0, 5), (0, 5)), ''),
        (((-1, -1), (-1, -1)), 'no ids in the file'),
        (((1, 2), (1, -1)), 'somebody has no id in frame 1'),
        (((7, 7), (7, 7)), 'an id is twice in frame 0'),
    ],
)
def test_why_ids_cannot_be_taken_is_said(ids, why):
    found = gathered(ids)
    assert found.untracked == why and found.tracked == (not why)


def test_ids_that_count_from_0_become_ours():
    assert [people.track_ids.tolist() for people in gathered(((0, 5), (5,))).people.values()] == [[1, 6], [6]]


@pytest.mark.parametrize('box', [[9, 9, 1, 1], [5, 5, 5, 90], [np.nan] * 4])
def test_a_box_that_holds_nothing_is_put_around_the_joints(box):
    (people, _) = gathered(box=box).people.values()
    assert people.bboxes[0].tolist() == [10, 10, 50, 40]


def test_times_that_run_back_are_refused_and_passed_over_with_a_rate():
    ids = ((1,),) * 4
    with pytest.raises(InputError, match=r'poses.json: frame 2 is at 0.2 s, before frame 1 \(100 s\); with --fps RATE'):
        gathered(ids, [0.0, 100.0, 0.2, 0.3])
    assert gathered(ids, [0.0, 100.0, 0.2, 0.3], Given(fps=Fraction(30))).times == {}


def test_times_that_grow_stay_beside_a_rate():
    assert gathered(((1,),) * 3, [0.0, 0.1, 0.3], Given(fps=Fraction(30))).times == {0: 0.0, 1: 0.1, 2: 0.3}


def test_times_that_are_all_the_same_say_nothing():
    assert gathered(((1,),) * 3, [0.0, 0.0, 0.0]).times == {}
    assert gathered(((1,),), [0.5]).times == {0: 0.5}
