"""The simulated detector and estimator, and the benchmark on people whose tracks are known."""

import numpy as np
import pytest

from pipeline.posetrack import JOINTS, PoseFrame, PosePerson, PoseSequence
from pipeline.posetrack.head_boxes import with_head_boxes
from pipeline.tracking import TrackerOptions
from tools.research.tracking.benchmark import POOR, Scenario, Trial, pooled_mota, pose_tracking
from tools.research.tracking.simulation import DetectorErrors, scored_skeleton, simulate_people

PERFECT = DetectorErrors(
    severity=0.0, box_noise=0.0, double_rate=0.0, suppressed_overlap=2.0, clutter_rate=0.0, miss_rate=0.0
)
# a figure in PoseTrack's order: ankles, knees, hips; wrists, elbows, shoulders; neck, nose, head
FIGURE = np.array(
    [
        [-10, 90],
        [-9, 50],
        [-8, 10],
        [8, 10],
        [9, 50],
        [10, 90],
        [-25, 0],
        [-22, -30],
        [-15, -60],
        [15, -60],
        [22, -30],
        [25, 0],
        [0, -65],
        [0, -78],
        [0, -95],
    ],
    float,
)


def video(frames=40, speed=4.0, head=True):
    """Two people who walk past each other, one of them without a nose."""
    result = []
    for index in range(frames):
        people = []
        for identity, (x, y, step) in enumerate(((100, 200, speed), (260, 230, -speed))):
            person = PosePerson(points=FIGURE + [x + step * index, y], visible=np.ones(15, bool), track_id=identity)
            if head:
                person.head_box = np.array([0.0, 0, 24, 32])
            if identity:
                person.points[JOINTS.index('nose')] = np.nan
            people.append(person)
        result.append(PoseFrame.from_people(f'{index:06d}.jpg', people))
    return {'a': PoseSequence('a', result)}


def test_the_skeleton_has_the_scored_joints():
    skeleton = scored_skeleton()
    assert skeleton.names == JOINTS
    assert skeleton.flip_indices[JOINTS.index('left_wrist')] == JOINTS.index('right_wrist')
    assert skeleton.flip_indices[JOINTS.index('nose')] == JOINTS.index('nose')
    assert skeleton.sigmas[JOINTS.index('left_hip')] == pytest.approx(0.107)


def test_without_errors_the_truth_is_found():
    found = simulate_people(video()['a'], 25.0, np.random.default_rng(0), PERFECT)
    assert [len(people) for people in found] == [2] * 40
    points = video()['a'].frames[7].points
    for people in (found[7],):
        for pose, scores in zip(people.keypoints, people.keypoint_scores):
            distance = np.nanmax(np.abs(points - pose), axis=(1, 2)).min()
            assert distance < 1e-3 and (scores > 0).sum() in (14, 15)


def test_errors_come_as_often_as_stated():
    errors = DetectorErrors(**{**vars(PERFECT), 'double_rate': 0.5, 'miss_rate': 0.2})
    found = simulate_people(video(400, speed=0.0)['a'], 25.0, np.random.default_rng(0), errors)
    assert np.mean([len(people) for people in found]) == pytest.approx(2 * 0.8 * 1.5, rel=0.06)
    clutter = simulate_people(
        video(400, speed=0.0)['a'],
        25.0,
        np.random.default_rng(0),
        DetectorErrors(**{**vars(PERFECT), 'clutter_rate': 5.0}),
    )
    assert sum(len(people) - 2 for people in clutter) == pytest.approx(16 * 5 * (1 + 0.25 * 25), rel=0.4)


def test_the_same_seed_gives_the_same_people():
    draws = [simulate_people(video()['a'], 25.0, np.random.default_rng(3)) for _ in range(2)]
    for first, second in zip(*draws):
        np.testing.assert_array_equal(first.keypoints, second.keypoints)
        np.testing.assert_array_equal(first.bboxes, second.bboxes)


def test_a_perfect_world_scores_100():
    trial = Trial(video(), Scenario('perfect', 1, PERFECT), 25.0)
    counts = trial.run(pose_tracking(TrackerOptions()))['a']
    assert pooled_mota(counts) == 100 and counts.objects.sum() == 40 * (15 + 14)


def test_exchanged_ids_are_counted():
    def exchange(found, fps):
        tracked = pose_tracking(TrackerOptions())(found, fps)
        for people in tracked[20:]:
            people.track_ids = 3 - people.track_ids
        return tracked

    counts = Trial(video(), Scenario('perfect', 1, PERFECT), 25.0).run(exchange)['a']
    assert counts.switches.sum() == 15 + 14 and counts.misses.sum() == 0
    assert pooled_mota(counts) == pytest.approx(100 * (1 - 29 / (40 * 29)))


def test_gaps_are_counted_as_fragments():
    def blink(found, fps):
        tracked = pose_tracking(TrackerOptions())(found, fps)
        for index in (10, 11, 20):
            tracked[index] = tracked[index][tracked[index].track_ids == 1]
        return tracked

    counts = Trial(video(), Scenario('perfect', 1, PERFECT), 25.0).run(blink)['a']
    first, second = sorted({15, 14})
    assert counts.fragments.sum() in (2 * first, 2 * second)
    assert counts.misses.sum() == counts.fragments.sum() / 2 * 3 and counts.switches.sum() == 0


def test_missing_heads_are_filled_in():
    sequence = with_head_boxes(video(head=False)['a'])
    extent = np.ptp(FIGURE, axis=0).max()
    np.testing.assert_allclose(sequence.frames[0].head_boxes[0], [0, 0, extent / 8, extent / 8])
    partly = video()['a']
    partly.frames[3].head_boxes[1] = np.nan
    np.testing.assert_allclose(with_head_boxes(partly).frames[3].head_boxes[1], [0, 0, 24, 32])


def test_poses_tell_people_apart_that_boxes_do_not(shared):
    """On real tracks at a quarter of the frame rate, where people move far between frames."""
    from pipeline.posetrack import load_sequence

    names = ('000015', '000026', '001671109', '036778313', '048158906', '099750569')
    folder = shared('data', 'posetrack_bonn', 'train')
    sequences = {name: with_head_boxes(load_sequence(folder / f'{name}.json')) for name in names}
    trial, default = Trial(sequences, Scenario('slow and poor', 4, POOR), 25.0), TrackerOptions().pose_weight
    switches = {
        weight: sum(
            counts.switches.sum() for counts in trial.run(pose_tracking(TrackerOptions(pose_weight=weight))).values()
        )
        for weight in (0.0, default)
    }
    assert switches[default] < 0.7 * switches[0.0]
