"""Corrected tracks against what the refiner says of the right ones, and against the old numbers further away."""

import numpy as np
import pytest

from pipeline.corrections import (
    Athlete,
    Delete,
    Joint,
    Merge,
    Split,
    SwapIds,
    SwapSides,
    Table,
    corrected_poses,
    refined_around,
)
from pipeline.corrections.anew import Around, refiner_of
from pipeline.errors import InputError
from pipeline.formats import PoseFile, PoseFrame
from pipeline.skeletons import load_skeleton
from pipeline.types import People
from tests.corrections.hand_made import BODY, COUNT, FPS, path, recorded, track

RIGHT = {1: path(0), 2: path(1)}


@pytest.fixture(scope='module')
def right():
    return recorded(RIGHT)


def reach(table):
    return Around.of(refiner_of(table), table).reach


def mixed_up(frame):
    """Both people as a tracker sees them that exchanges their ids at ``frame``."""
    one, other = RIGHT[1].copy(), RIGHT[2].copy()
    one[frame:], other[frame:] = RIGHT[2][frame:], RIGHT[1][frame:]
    return recorded({1: one, 2: other})


def test_without_corrections_nothing_changes(right):
    same = refined_around(right, [])
    for name in ('position', 'track_ids', 'keypoints', 'keypoints_raw', 'keypoint_scores', 'bboxes', 'filled'):
        np.testing.assert_array_equal(getattr(same, name), getattr(right, name))


def test_swapped_ids_give_what_the_refiner_says_of_the_right_tracks(right):
    wrong = mixed_up(150)
    corrected = refined_around(wrong, [SwapIds((1, 2), 150)])
    far = np.abs(np.arange(COUNT) - 150) > reach(wrong) + 1
    for person in (1, 2):
        _, keypoints, _ = track(corrected, person)
        # the recording smeared one person into the other, by tens of px
        assert np.abs(track(wrong, person)[1][140:150] - track(right, person)[1][140:150]).max() > 20
        np.testing.assert_allclose(keypoints, track(right, person)[1], atol=2e-3)
        old = np.concatenate([track(wrong, person)[1][:150], track(wrong, 3 - person)[1][150:]])
        assert far.sum() > 60
        np.testing.assert_array_equal(keypoints[far], old[far])


def test_swapped_sides_are_refined_as_if_they_had_never_been_wrong(right):
    flipped = RIGHT[1].copy()
    flipped[100:121] = flipped[100:121, [0, 2, 1]]
    wrong = recorded({1: flipped, 2: RIGHT[2]})
    corrected = refined_around(wrong, [SwapSides(1, 100, 120)])
    np.testing.assert_allclose(track(corrected, 1)[1], track(right, 1)[1], atol=2e-3)
    np.testing.assert_allclose(corrected.keypoints_raw, right.keypoints_raw)
    np.testing.assert_array_equal(track(corrected, 2)[1], track(wrong, 2)[1])
    far = (np.arange(COUNT) < 100 - reach(wrong) - 1) | (np.arange(COUNT) > 120 + reach(wrong) + 1)
    np.testing.assert_array_equal(track(corrected, 1)[1][far], track(wrong, 1)[1][far])


def test_a_track_in_two_pieces_becomes_one_and_its_gap_is_bridged(right):
    gap = {(person, i) for person in (1, 7) for i in range(100, 105)}
    after = {(1, i) for i in range(100, COUNT)} | {(7, i) for i in range(105)}
    wrong = recorded({1: RIGHT[1], 7: RIGHT[1], 2: RIGHT[2]}, gap | after)
    whole = recorded(RIGHT, {(1, i) for i in range(100, 105)})
    corrected = refined_around(wrong, [Merge(7, 1)])
    positions, keypoints, filled = track(corrected, 1)
    assert positions.tolist() == list(range(COUNT)) and np.flatnonzero(filled).tolist() == list(range(100, 105))
    np.testing.assert_allclose(keypoints, track(whole, 1)[1], atol=2e-3)
    assert set(corrected.track_ids) == {1, 2}


def test_where_both_merged_people_are_the_found_one_stays():
    # 7 sees the same person from frame 103 on; 1 was not found from 102 to 106 and is bridged there
    missing = {(1, i) for i in range(102, 107)} | {(7, i) for i in range(COUNT) if not 103 <= i < 110}
    wrong = recorded({1: RIGHT[1], 7: RIGHT[1] + 2}, missing)
    corrected = refined_around(wrong, [Merge(7, 1)])
    positions, _, filled = track(corrected, 1)
    assert positions.tolist() == list(range(COUNT)) and np.flatnonzero(filled).tolist() == [102]
    raw = corrected.keypoints_raw
    np.testing.assert_allclose(raw[103:107], RIGHT[1][103:107] + 2)
    np.testing.assert_allclose(raw[107:110], RIGHT[1][107:110])


def test_a_track_of_two_people_is_split_and_neither_smears_into_the_other():
    joined = RIGHT[1].copy()
    joined[150:] = RIGHT[2][150:]
    corrected = refined_around(recorded({1: joined}), [Split(1, 150, 2)])
    apart = recorded({1: RIGHT[1], 2: RIGHT[2]}, {(1, i) for i in range(150, COUNT)} | {(2, i) for i in range(150)})
    for person in (1, 2):
        for mine, theirs in zip(track(corrected, person), track(apart, person)):
            # a filter's windows lie otherwise towards a new end; the other person is 200 px away
            np.testing.assert_allclose(mine, theirs, atol=0.1)


def test_a_split_inside_a_bridge_leaves_nobody_there():
    wrong = recorded({1: RIGHT[1]}, {(1, i) for i in range(100, 106)})
    assert np.flatnonzero(wrong.filled).tolist() == list(range(100, 106))
    corrected = refined_around(wrong, [Split(1, 103, 4)])
    assert not corrected.filled.any()
    assert track(corrected, 1)[0].tolist() == list(range(100))
    assert track(corrected, 4)[0].tolist() == list(range(106, COUNT))


def test_who_is_deleted_for_a_moment_is_not_bridged_there(right):
    corrected = refined_around(right, [Delete(2, 100, 104)])
    assert track(corrected, 2)[0].tolist() == [*range(100), *range(105, COUNT)]
    np.testing.assert_array_equal(track(corrected, 1)[1], track(right, 1)[1])
    later = refined_around(right, [Delete(2, 100, 104), SwapIds((1, 2))])
    assert track(later, 1)[0].tolist() == [*range(100), *range(105, COUNT)]


def test_only_the_athlete_is_left_and_is_not_touched(right):
    corrected = refined_around(right, [Athlete(2)])
    assert set(corrected.track_ids) == {2}
    np.testing.assert_array_equal(corrected.keypoints, track(right, 2)[1])


def test_a_dragged_joint_is_where_it_was_dragged_and_neighbours_follow_smoothly(right):
    old = track(right, 1)[1]
    target = old[150, 1] + np.float32([30, -20])
    corrected = refined_around(right, [Joint(1, 150, 'left_hip', *map(float, target))])
    new = track(corrected, 1)[1]
    np.testing.assert_allclose(new[150, 1], target, atol=0.01)
    moved = np.linalg.norm(new[:, 1] - old[:, 1], axis=-1)
    assert (np.diff(moved[150:162]) < 0.05).all() and (np.diff(moved[138:151]) > -0.05).all()
    # a bump of 36 px over 9 frames bends by 36 * 5.77 / 81 px/frame² at most
    bend = np.linalg.norm(np.diff(new[:, 1] - old[:, 1], n=2, axis=0), axis=-1)
    assert bend.max() < 3 and moved[150] == pytest.approx(36.06, abs=0.01)
    far = np.abs(np.arange(COUNT) - 150) > reach(right)
    np.testing.assert_array_equal(new[far], old[far])
    np.testing.assert_array_equal(new[:, [0, 2]][far], old[:, [0, 2]][far])
    np.testing.assert_array_equal(track(corrected, 2)[1], track(right, 2)[1])
    row = np.flatnonzero((corrected.track_ids == 1) & (corrected.position == 150))[0]
    assert corrected.keypoint_scores[row].tolist() == pytest.approx([0.8, 1.0, 0.8])


def test_several_keys_of_a_joint_are_all_met_and_none_is_overshot(right):
    old = track(right, 1)[1]
    wanted = {148: 10, 150: -8, 153: 12, 170: 5}
    entries = [Joint(1, i, 'nose', float(old[i, 0, 0] + dx), float(old[i, 0, 1])) for i, dx in wanted.items()]
    new = track(refined_around(right, entries), 1)[1]
    shift = new[:, 0, 0] - old[:, 0, 0]
    np.testing.assert_allclose(shift[list(wanted)], list(wanted.values()), atol=0.01)
    assert shift.max() < 14 and shift.min() > -10


def test_the_last_word_on_a_joint_counts_and_follows_its_side(right):
    first, second = Joint(1, 50, 'left_hip', 10.0, 10.0), Joint(1, 50, 'left_hip', 200.0, 100.0)
    new = track(refined_around(right, [first, second]), 1)[1]
    np.testing.assert_allclose(new[50, 1], [200, 100])
    new = track(refined_around(right, [second, SwapSides(1, 50, 60)]), 1)[1]
    np.testing.assert_allclose(new[50, 2], [200, 100])


def test_a_joint_put_into_a_bridge_makes_the_person_found_there():
    wrong = recorded({1: RIGHT[1]}, {(1, i) for i in range(100, 106)})
    corrected = refined_around(wrong, [Joint(1, 102, 'nose', 150.0, 90.0)])
    positions, keypoints, filled = track(corrected, 1)
    assert positions.tolist() == list(range(COUNT)) and np.flatnonzero(filled).tolist() == [100, 101, 103, 104, 105]
    np.testing.assert_allclose(keypoints[102, 0], [150, 90])


def test_the_default_network_keeps_far_frames_to_the_last_bit():
    rng = np.random.default_rng(0)
    skeleton, count = load_skeleton('coco'), 300
    raw = (rng.normal(0, 30, (17, 2)) + [320, 240] + rng.normal(0, 1, (count, 17, 2))).astype(np.float32)
    people = [
        People(np.float32([[0, 0, 9, 9]]), np.float32([1]), raw[i, None], np.ones((1, 17), np.float32), np.array([1]))
        for i in range(count)
    ]
    table = Table.from_people(skeleton, np.arange(count), np.arange(count) / FPS, people)
    corrected = refined_around(table, [Joint(1, 100, 'left_knee', 300.0, 200.0)])
    far = np.abs(np.arange(count) - 100) > reach(table)
    assert 50 < far.sum() < count
    np.testing.assert_array_equal(corrected.keypoints[far], table.keypoints[far])
    np.testing.assert_array_equal(corrected.keypoints[100, skeleton.index('left_knee')], [300, 200])


def test_frames_that_were_not_analysed_are_bridged_again():
    options = {'refiner': {'type': 'gaussian', 'sigma': 2.0, 'max_gap': 0.0}, 'every': 5}
    frames = [i for i in range(COUNT) if i % 5 == 0 or i == COUNT - 1]
    wrong = recorded({1: RIGHT[1]}, {(1, i) for i in range(COUNT) if i not in frames}, {'refiner': 'gaussian:sigma=2'})
    wrong = Table(**{**vars(wrong), 'run': {'options': options}})
    corrected = refined_around(wrong, [Joint(1, 150, 'nose', 150.0, 90.0)])
    positions, keypoints, filled = track(corrected, 1)
    assert positions.tolist() == list(range(COUNT)) and filled.sum() == COUNT - len(frames)
    np.testing.assert_allclose(keypoints[150, 0], [150, 90])


def test_what_was_refined_before_is_remembered_and_gives_the_same(right):
    class Counting:
        def __init__(self, refiner):
            self.refiner, self.runs = refiner, 0

        def __getattr__(self, name):
            return getattr(self.refiner, name)

        def stream(self, results):
            self.runs += 1
            return self.refiner.stream(results)

    refiner, memory = Counting(refiner_of(right)), {}
    first = [SwapSides(1, 20, 40), Split(2, 200, 3)]
    refined_around(right, first, refiner, memory=memory)
    assert refiner.runs == 3
    entries = [*first, Joint(2, 20, 'nose', 300.0, 100.0)]
    again = refined_around(right, entries, refiner, memory=memory)
    assert refiner.runs == 4
    np.testing.assert_array_equal(again.keypoints, refined_around(right, entries).keypoints)
    refined_around(right, first, refiner, memory=memory)
    assert refiner.runs == 4


def test_corrected_poses_say_so_and_are_not_corrected_twice(right):
    poses = PoseFile(
        [PoseFrame(int(i), float(t), p) for i, t, p in zip(right.frames, right.times, right.people())],
        BODY,
        right.video,
        right.run,
    )
    corrected = corrected_poses(poses, [Delete(2)])
    assert [len(frame.people) for frame in corrected.frames] == [1] * COUNT
    assert corrected.run['options']['corrections'] == [{'do': 'delete', 'id': 2}]
    with pytest.raises(InputError, match='have been corrected already'):
        corrected_poses(corrected, [Delete(1)])


@pytest.mark.parametrize(
    'entries, message',
    [
        ([Delete(9)], r'corrections\[0\]: person 9 is not there: there are 1, 2$'),
        ([Delete(2), SwapIds((1, 2))], r'corrections\[1\]: person 2 is not there: there are 1$'),
        ([Split(1, 10, 2)], 'new 2: is somebody already; free is 3'),
        ([Split(1, 999, 3)], 'frame 999 is not in the poses: there are 0 to 299'),
        ([Delete(1, 10, 20), Joint(1, 15, 'nose', 0.0, 0.0)], 'person 1 is not in frame 15'),
        ([Joint(1, 15, 'tail', 0.0, 0.0)], "joint 'tail' is not in skeleton 'body': nose, left_hip, right_hip"),
    ],
)
def test_what_does_not_fit_the_poses_is_one_line(right, entries, message):
    with pytest.raises(InputError, match=message):
        refined_around(right, entries)
