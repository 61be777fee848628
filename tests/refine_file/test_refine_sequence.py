"""Poses from a file, refined as the chain refines its own."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.formats.found_poses import Gatherer, Given
from pipeline.options import RefineOptions
from pipeline.refine import build_refiner
from pipeline.refine_file import refine_sequence
from pipeline.skeletons import load_skeleton
from pipeline.types import Frame, FrameResult

FRAMES = 60
COCO17 = load_skeleton('coco').names
# a standing figure, 200 px tall
FIGURE = np.array(
    [[50, 10], [55, 5], [45, 5], [60, 10], [40, 10], [70, 40], [30, 40], [80, 80], [20, 80], [85, 110], [15, 110]]
    + [[62, 110], [38, 110], [63, 155], [37, 155], [64, 200], [36, 200]],
    float,
)


def walk(names=COCO17, ids=True, extra=(), missing=()):
    """Two people who walk towards each other, trembling; further points at (10, 10) from the left ankle."""
    random = np.random.default_rng(5)
    gathered = Gatherer('walk', 'test', (*names, *extra), Given(), False)
    rows = [COCO17.index(name) for name in names]
    for t in range(FRAMES):
        for person, x in enumerate((100 + 2 * t, 500 - 2 * t)):
            pose = FIGURE + [x, 100 + 40 * person] + random.normal(0, 2, FIGURE.shape)
            points = np.concatenate([pose[rows], np.repeat(pose[15:16] + 10, len(extra), axis=0)])
            for joint, frames in missing:
                points[COCO17.index(joint)] = np.nan if t in frames else points[COCO17.index(joint)]
            gathered.person(t, points, np.where(np.isnan(points[:, 0]), 0, 0.9), track_id=person + 1 if ids else -1)
    return gathered.poses(Fraction(30), (640, 400))


def jerk(found, joint, person=0):
    track = np.stack([found.people[t].keypoints[person, found.skeleton.index(joint)] for t in range(FRAMES)])
    return np.linalg.norm(np.diff(track, 2, axis=0), axis=1).mean()


def test_it_gives_what_the_stream_refiner_gives():
    found = walk()
    refined = refine_sequence(found, RefineOptions())
    stream = build_refiner('hanet', load_skeleton('coco'))
    picture = np.zeros((400, 640, 3), np.uint8)
    frames = (FrameResult(Frame(t, t / 30, picture), found.people[t]) for t in range(FRAMES))
    for result in stream.stream(frames):
        np.testing.assert_array_equal(refined.people[result.frame.index].keypoints, result.people.keypoints)
    assert jerk(refined, 'nose') < 0.3 * jerk(found, 'nose')
    np.testing.assert_array_equal(refined.people[7].keypoints_raw, found.people[7].keypoints)


def test_who_has_no_id_gets_one_that_stays():
    found = walk(ids=False)
    assert not found.tracked
    refined = refine_sequence(found, RefineOptions(refiner='none'))
    for t in range(FRAMES):
        ids = refined.people[t].track_ids.tolist()
        assert ids == [1, 2]
        x = refined.people[t].keypoints[:, 0, 0]
        assert abs(x[0] - (150 + 2 * t)) < 15 or abs(x[0] - (550 - 2 * t)) < 15
    assert refined.people[59].keypoints[0, 0, 0] == pytest.approx(150 + 118, abs=15)  # through their crossing


def test_ids_of_the_file_are_kept_unless_new_ones_are_wanted():
    found = walk()
    for people in found.people.values():
        people.track_ids += 40
    assert refine_sequence(found, RefineOptions(refiner='none')).people[5].track_ids.tolist() == [41, 42]
    assert refine_sequence(found, RefineOptions(refiner='none', track=True)).people[5].track_ids.tolist() == [1, 2]


def test_further_points_move_with_their_limb():
    found = walk(extra=('left_big_toe', 'tail'))
    refined = refine_sequence(found, RefineOptions())
    assert refined.skeleton.names == (*COCO17, 'left_big_toe', 'tail')
    plain = refine_sequence(walk(), RefineOptions())
    for t in (0, 30, 59):  # the body is as without them
        np.testing.assert_allclose(refined.people[t].keypoints[:, :17], plain.people[t].keypoints, atol=1e-3)
        toe = refined.people[t].keypoints[0, 17] - refined.people[t].keypoints[0, 15]
        np.testing.assert_allclose(toe, [10, 10], atol=0.01)  # which never moved against the ankle
    assert jerk(refined, 'tail') < 0.4 * jerk(found, 'tail')


def test_some_of_the_refiners_joints_are_enough():
    names = tuple(name for name in COCO17 if name.startswith('left'))
    found = walk(names, extra=('left_heel',))
    refined = refine_sequence(found, RefineOptions())
    assert refined.skeleton.names == (*names, 'left_heel')
    assert jerk(refined, 'left_knee') < 0.4 * jerk(found, 'left_knee')
    assert np.abs(refined.people[30].keypoints - found.people[30].keypoints).max() < 12


def test_joints_of_which_nothing_is_known_are_refused_by_networks_and_taken_by_filters():
    names = ('snout', 'left_fin', 'tail')
    gathered = Gatherer('fish.csv', 'test', names, Given())
    for t in range(20):
        gathered.person(t, [[t, 1], [t, 5 * (t % 2)], [t, 9]], track_id=1)
    found = gathered.poses(Fraction(30), (64, 48))
    with pytest.raises(
        InputError, match='0 of the joints of the refiner .* are among snout, left_fin, tail of the file'
    ):
        refine_sequence(found, RefineOptions())
    refined = refine_sequence(found, RefineOptions(refiner='gaussian:sigma=3'))
    assert refined.people[10].keypoints[0, 1, 1] == pytest.approx(2.5, abs=0.3)


def test_a_joint_that_was_not_found_is_bridged():
    found = walk(missing=(('left_wrist', range(20, 26)),))
    assert found.people[22].keypoint_scores[0, 9] == 0
    refined = refine_sequence(found, RefineOptions())
    wanted = FIGURE[9] + [100 + 2 * 22, 100]
    assert np.linalg.norm(refined.people[22].keypoints[0, 9] - wanted) < 10
    assert refined.people[22].keypoint_scores[0, 9] == 0  # and is not said to be seen


def test_frames_between_those_that_a_tool_looked_at_are_filled_in():
    found = walk()
    every = replace(found, people={t: people for t, people in found.people.items() if t % 3 == 0})
    refined = refine_sequence(every, RefineOptions())
    assert sorted(refined.people) == list(range(58)) and refined.people[4].filled.all()
    assert not refined.people[3].filled.any()
    assert refined.people[31].keypoints[0, 0, 0] == pytest.approx(150 + 62, abs=5)


def test_a_gap_that_is_none_of_its_stride_is_absence():
    found = walk()
    gone = replace(found, people={t: people for t, people in found.people.items() if not 20 <= t < 50})
    refined = refine_sequence(gone, RefineOptions())
    assert len(refined.people[35]) == 0 and len(refined.people[55]) == 2


def test_frames_may_count_from_another_number():
    found = walk()
    later = replace(found, people={t + 1: people for t, people in found.people.items()})
    refined = refine_sequence(later, RefineOptions(refiner='none', first_frame=1))
    np.testing.assert_array_equal(refined.people[0].keypoints, found.people[0].keypoints)
    with pytest.raises(InputError, match='--first-frame 2: walk has poses of frame 1'):
        refine_sequence(later, RefineOptions(first_frame=2))
