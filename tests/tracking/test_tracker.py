"""The tracker on made-up people whose true identity is known."""

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.tracking import PoseTracker, TrackerOptions
from pipeline.types import People

SIGMAS = np.full(17, 0.06)
SIZE = (1280, 720)
# a standing figure of height 1: head, shoulders, elbows, wrists, hips, knees, ankles, around the hips
FIGURE = np.array(
    [
        [0, -0.48],
        [0.02, -0.5],
        [-0.02, -0.5],
        [0.05, -0.48],
        [-0.05, -0.48],
        [0.11, -0.35],
        [-0.11, -0.35],
        [0.14, -0.18],
        [-0.14, -0.18],
        [0.15, -0.03],
        [-0.15, -0.03],
        [0.08, 0],
        [-0.08, 0],
        [0.08, 0.24],
        [-0.08, 0.24],
        [0.08, 0.46],
        [-0.08, 0.46],
    ]
)


def crowd(*places, height=200.0, score=0.9, rng=None, noise=0.0):
    """People standing at ``places`` (x, y of the hips in px); ``height`` and ``score`` may be lists."""
    count = len(places)
    heights = np.broadcast_to(height, count)
    scores = np.broadcast_to(score, count).astype(np.float32)
    poses = np.array(places, float).reshape(-1, 1, 2) + FIGURE * heights.reshape(-1, 1, 1)
    if rng is not None:
        poses = poses + rng.normal(0, noise, poses.shape)
    low, high, margin = poses.min(axis=1), poses.max(axis=1), 0.05 * heights[:, None]
    bboxes = np.concatenate([low - margin, high + margin], axis=1).astype(np.float32)
    return People(bboxes, scores, poses.astype(np.float32), np.full((count, 17), 0.9, np.float32))


def owner_of(people, place):
    """The id of the person whose hips are nearest to ``place``."""
    distance = np.linalg.norm(people.keypoints[:, 11:13].mean(axis=1) - place, axis=1)
    return int(people.track_ids[np.argmin(distance)])


def test_crossing_people_keep_their_ids():
    for fps in (10, 25, 60):
        tracker = PoseTracker(SIGMAS)
        for frame in range(int(4 * fps) + 1):
            time = frame / fps
            left, right = (200 + 200 * time, 360), (1000 - 200 * time, 370)
            people = tracker.update(crowd(left, right), time, SIZE)
            if abs(left[0] - right[0]) > 30:
                assert (owner_of(people, left), owner_of(people, right)) == (1, 2), f'{fps} fps, {time} s'


def test_order_of_the_input_does_not_matter():
    forwards, backwards = PoseTracker(SIGMAS), PoseTracker(SIGMAS)
    for frame in range(20):
        people = crowd((200 + 5 * frame, 300), (400, 320), (600 - 5 * frame, 310), score=[0.9, 0.9, 0.8])
        a = forwards.update(people, frame / 25, SIZE)
        b = backwards.update(people[np.array([2, 0, 1])], frame / 25, SIZE)
        np.testing.assert_array_equal(a.keypoints, b.keypoints)
        np.testing.assert_array_equal(a.track_ids, b.track_ids)
        assert list(a.track_ids) == sorted(a.track_ids)


@pytest.mark.parametrize('gap, same', [(1.0, True), (2.0, False)])
def test_occlusion_is_survived_for_a_time_in_seconds(gap, same):
    for fps in (10, 50):
        tracker = PoseTracker(SIGMAS, TrackerOptions(max_lost=1.5))
        for frame in range(fps):
            tracker.update(crowd((300, 300)), frame / fps, SIZE)
        back = tracker.update(crowd((310, 300)), 1 - 1 / fps + gap, SIZE)
        assert list(back.track_ids) == ([1] if same else [2])


def test_ids_never_return_to_another_person():
    tracker = PoseTracker(SIGMAS)
    seen = []
    for visit in range(5):
        for frame in range(5):
            people = tracker.update(crowd((200 + 150 * visit, 300)), 10 * visit + frame / 25, SIZE)
        seen.append(int(people.track_ids[0]))
    assert seen == [1, 2, 3, 4, 5]


def test_a_doubled_and_a_nested_box_are_one_person():
    person = crowd((400, 300))
    double = crowd((402, 301), score=0.7)
    half = crowd((400, 300), score=0.5)
    half.bboxes[0, 3] = 300
    half.keypoints[0, 11:, 1] = 295  # legs squeezed into the half box
    half.keypoint_scores[0, 11:] = 0.3
    stack = {
        name: np.concatenate([getattr(p, name) for p in (half, double, person)])
        for name in ('bboxes', 'bbox_scores', 'keypoints', 'keypoint_scores')
    }
    tracker = PoseTracker(SIGMAS)
    for frame in range(10):
        people = tracker.update(People(**stack), frame / 25, SIZE)
        assert list(people.track_ids) == [1]
        np.testing.assert_array_equal(people.keypoints, person.keypoints)


def test_ghosts_are_dropped_and_use_up_no_id():
    tracker = PoseTracker(SIGMAS)
    for frame in range(30):
        places, scores = [(300, 300)], [0.9]
        if frame % 5 == 0:  # a flicker of middling score
            places, scores = places + [(800, 300)], scores + [0.25]
        places, scores = places + [(1000, 300)], scores + [0.04]
        people = tracker.update(crowd(*places, score=scores), frame / 30, SIZE)
        assert list(people.track_ids) == [1]
    people = tracker.update(crowd((300, 300), (800, 300)), 1.0, SIZE)
    assert list(people.track_ids) == [1, 2]


def test_a_hesitant_newcomer_is_shown_after_the_confirmation_time():
    for fps in (10, 50):
        tracker = PoseTracker(SIGMAS, TrackerOptions(confirm_time=0.2))
        counts = [len(tracker.update(crowd((300, 300), score=0.25), frame / fps, SIZE)) for frame in range(fps)]
        assert counts.index(1) == round(0.2 * fps)
        assert all(counts[counts.index(1) :])


def test_a_weak_sighting_continues_a_track():
    tracker = PoseTracker(SIGMAS)
    for frame in range(30):
        score = 0.1 if frame in (10, 11, 12) else 0.9
        people = tracker.update(crowd((300 + 4 * frame, 300), score=score), frame / 30, SIZE)
        assert list(people.track_ids) == [1]


def test_prediction_carries_boxes_over_frames_without_detector():
    tracker = PoseTracker(SIGMAS)
    place = np.array([200.0, 300.0])
    for frame in range(60):
        place = place + (5, 0)
        truth = crowd(place)
        if frame % 5 == 0 or frame < 5:
            people = tracker.update(truth, frame / 30, SIZE)
        else:
            boxes = tracker.predict(frame / 30)
            np.testing.assert_allclose(boxes.bboxes, truth.bboxes, atol=12)
            np.testing.assert_allclose(boxes.keypoints, truth.keypoints, atol=6)
            truth.bboxes, truth.carried = boxes.bboxes, np.ones(len(truth), bool)
            people = tracker.update(truth, frame / 30, SIZE)
        assert list(people.track_ids) == [1]


def test_prediction_stays_inside_the_frame_and_can_be_empty():
    tracker = PoseTracker(SIGMAS)
    assert len(tracker.predict(0.0)) == 0
    tracker.update(crowd((1250, 600)), 0.0, SIZE)
    box = tracker.predict(0.1).bboxes
    assert (box >= 0).all() and (box[:, 2] <= 1280).all() and (box[:, 3] <= 720).all()
    tracker.update(People.empty(17), 0.1, SIZE)
    assert len(tracker.predict(0.2)) == 0


def test_single_keeps_one_id_through_any_absence():
    tracker = PoseTracker(SIGMAS, TrackerOptions.preset('single'))
    assert list(tracker.update(crowd((300, 300), (900, 300), score=[0.9, 0.8]), 0.0, SIZE).track_ids) == [1]
    assert list(tracker.update(crowd((310, 300), (900, 300), score=[0.8, 0.9]), 0.1, SIZE).track_ids) == [1]
    for time in (0.2, 1.0, 3.0):
        tracker.update(People.empty(17), time, SIZE)
    assert list(tracker.update(crowd((1000, 500)), 60.0, SIZE).track_ids) == [1]


def test_reset_starts_over():
    tracker = PoseTracker(SIGMAS)
    tracker.update(crowd((300, 300)), 5.0, SIZE)
    tracker.reset()
    assert list(tracker.update(crowd((900, 300)), 0.0, SIZE).track_ids) == [1]


@pytest.mark.parametrize(
    'changes',
    [
        {'high_score': 1.5},
        {'max_lost': -1},
        {'agility': 0},
        {'nonsense': 1},
        {'low_score': 0.9},
        {'max_people': 0},
        {'max_lost': float('nan')},
    ],
)
def test_unusable_options_are_named(changes):
    with pytest.raises(InputError, match=next(iter(changes))):
        TrackerOptions.preset('default', **changes)


def test_unknown_preset_is_named():
    with pytest.raises(InputError, match='nosuch.*crowd.*sport.*single'):
        TrackerOptions.preset('nosuch')


def test_a_hesitant_sighting_finds_its_lost_track():
    tracker = PoseTracker(SIGMAS)
    for frame in range(10):
        tracker.update(crowd((300, 300)), frame / 25, SIZE)
    for frame in range(10, 25):
        tracker.update(People.empty(17), frame / 25, SIZE)
    for frame in range(25, 40):  # the pose comes back slowly, as after a somersault
        people = tracker.update(crowd((310, 300), score=0.25), frame / 25, SIZE)
        assert list(people.track_ids) == [1]


def test_a_track_that_stays_weak_ends():
    tracker = PoseTracker(SIGMAS)
    shown = [
        len(tracker.update(crowd((300, 300), score=0.27 if frame < 8 else 0.09), frame / 25, SIZE))
        for frame in range(75)
    ]
    assert all(shown[8:20]) and not any(shown[60:])


def test_what_the_detector_found_comes_before_what_was_carried():
    tracker = PoseTracker(SIGMAS)
    tracker.update(crowd((300, 300)), 0.0, SIZE)
    found, carried = crowd((304, 300), score=0.6), crowd((300, 300), score=0.9)
    both = People(
        **{
            name: np.concatenate([getattr(carried, name), getattr(found, name)])
            for name in ('bboxes', 'bbox_scores', 'keypoints', 'keypoint_scores')
        }
    )
    both.carried = np.array([True, False])
    people = tracker.update(both, 0.04, SIZE)
    assert len(people) == 1 and not people.carried[0]
    np.testing.assert_array_equal(people.bboxes, found.bboxes)


def test_newcomers_are_not_carried():
    tracker = PoseTracker(SIGMAS)
    people = crowd((300, 300))
    people.carried = np.array([True])
    assert len(tracker.update(people, 0.0, SIZE)) == 0


def test_people_without_any_joint_are_dropped():
    people = crowd((300, 300))
    people.keypoint_scores[:] = 0
    assert len(PoseTracker(SIGMAS).update(people, 0.0, SIZE)) == 0


def test_time_that_stands_still_or_runs_back_is_survived():
    tracker = PoseTracker(SIGMAS)
    for time in (0.0, 0.04, 0.04, 0.02, 0.08):
        assert list(tracker.update(crowd((300, 300)), time, SIZE).track_ids) == [1]


def test_a_carried_box_stays_around_a_body_that_curls_up():
    """Nobody detects a somersault: for a second only joints come in, and they draw together."""
    tracker = PoseTracker(SIGMAS)
    for frame in range(6):
        tracker.update(crowd((300, 300), height=200 - 4 * frame), frame / 30, SIZE)
    for frame in range(6, 36):
        boxes = tracker.predict(frame / 30).bboxes
        assert len(boxes) == 1
        people = crowd((300 + 4 * frame, 300), height=180 - 2 * frame)
        people.bboxes, people.carried = boxes, np.ones(1, bool)
        shown = tracker.update(people, frame / 30, SIZE)
        assert shown.track_ids.tolist() == [1]
    joints = people.keypoints[0]
    hull = np.concatenate([joints.min(axis=0), joints.max(axis=0)])
    np.testing.assert_allclose(boxes[0], hull, atol=0.25 * (hull[3] - hull[1]))


def test_the_box_of_somebody_unseen_keeps_its_size():
    """Its upper edge rose and its lower edge sank when it was last seen; that does not go on for ever."""
    tracker = PoseTracker(SIGMAS)
    for frame in range(10):
        tracker.update(crowd((300, 300), height=100 + 10 * frame), frame / 30, SIZE)
    last = tracker._tracks[0]
    low, high = last.predict(9 / 30)[2].reshape(2, 2)
    later_low, later_high = last.predict(9 / 30 + 1.0)[2].reshape(2, 2)
    np.testing.assert_allclose(later_high - later_low, high - low, rtol=1e-6)


@pytest.mark.parametrize('fps', [0.02, 0.5, 2])
def test_time_lapses_keep_ids_by_place(fps):
    """At 0.5 frames per second every frame came after the tracks' end: 48 ids for two people."""
    rng = np.random.default_rng(0)
    tracker = PoseTracker(SIGMAS)
    tracker.expect_rate(fps)
    left, right, first = np.array([300.0, 360]), np.array([900.0, 360]), []
    for frame in range(24):
        left, right = left + rng.uniform(-40, 40, 2), right + rng.uniform(-40, 40, 2)
        places = [left, right] if frame % 7 != 3 else [right]  # who is missed once comes back
        people = tracker.update(crowd(*places), frame / fps, SIZE)
        assert len(people) == len(places)
        ids = [owner_of(people, place) for place in places]
        first = first or ids
        assert ids == first[-len(ids) :]


def test_usual_rates_leave_the_options_alone():
    options = TrackerOptions()
    assert options.at_rate(5) is options and options.at_rate(30) is options
    assert options.at_rate(0.5).max_lost == 8 and TrackerOptions(return_time=0).at_rate(0.5).return_time == 0


def shown_alone(places, fps=10):
    """Ids and hips over time of a tracker for one person, who is at ``places`` (None: nobody is found)."""
    tracker, rows = PoseTracker(SIGMAS, TrackerOptions.preset('single')), []
    for frame, place in enumerate(places):
        found = crowd(*place) if isinstance(place, list) else crowd(place) if place else crowd((0, 0))[:0]
        people = tracker.update(found, frame / fps, SIZE)
        rows.append(people.track_ids.tolist())
    return rows


def test_a_single_person_keeps_the_id_through_a_gap_and_to_another_place():
    rows = shown_alone([(300, 360)] * 10 + [None] * 8 + [(320, 360)] * 5 + [(1000, 360)] * 10)
    assert rows[:10] == [[1]] * 10 and rows[18:23] == [[1]] * 5
    # far away: shown after a break that refiners do not bridge, and not only once max_lost is over
    assert rows[23:26] == [[]] * 3 and rows[27:] == [[1]] * 6


def test_of_several_the_single_person_is_the_nearest():
    tracker = PoseTracker(SIGMAS, TrackerOptions.preset('single'))
    people = tracker.update(crowd((300, 360), (900, 360), height=[150, 300], score=[0.95, 0.9]), 0.0, SIZE)
    assert people.track_ids.tolist() == [1] and owner_of(people, (900, 360)) == 1
    assert np.linalg.norm(people.keypoints[0, 11:13].mean(axis=0) - (900, 360)) < 1


def both(*people):
    """People of several calls of :func:`crowd` in one frame."""
    names = ('bboxes', 'bbox_scores', 'keypoints', 'keypoint_scores')
    return People(**{name: np.concatenate([getattr(p, name) for p in people]) for name in names})


@pytest.mark.parametrize('score, shown', [(0.35, [1]), (0.8, [1, 2])])
def test_a_part_of_a_body_is_not_another_person_but_a_child_before_one_is(score, shown):
    tracker = PoseTracker(SIGMAS, TrackerOptions(confirm_time=0.2))
    tall = crowd((400, 300), height=300)
    assert list(tracker.update(tall, 0.0, SIZE).track_ids) == [1]
    for frame in range(1, 20):
        people = tracker.update(both(tall, crowd((430, 370), height=100, score=score)), frame / 25, SIZE)
        # nobody inside another's box is shown at once; later those who are no faint echo of that one
        assert list(people.track_ids) == ([1] if frame < 7 else shown)


def test_an_echo_that_steps_out_of_the_box_is_a_person():
    tracker = PoseTracker(SIGMAS, TrackerOptions(confirm_time=0.2))
    for frame in range(30):
        small = crowd((430 + 8 * frame, 370), height=100, score=0.35)
        people = tracker.update(both(crowd((400, 300), height=300), small), frame / 25, SIZE)
        inside = 430 + 8 * frame + 20 < 400 + 60
        assert list(people.track_ids) == ([1] if inside or frame < 5 else [1, 2])
