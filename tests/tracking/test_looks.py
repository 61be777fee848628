"""Clothes in tracking, on drawn pictures of coloured figures whose true identity is known."""

import numpy as np
import pytest

from pipeline.refine.filters import NoSmoother
from pipeline.refine.stream import StreamRefiner
from pipeline.tracking import PoseTracker, TrackerOptions
from pipeline.tracking.looks import LENGTH, alike, describe
from pipeline.types import Detections, Frame, FrameResult, People
from tests.tracking.test_tracker import SIGMAS, SIZE, crowd, owner_of

TEAL, BROWN, OLIVE = (40, 130, 125), (120, 55, 30), (100, 85, 20)


def picture(people, colours, rng=None):
    """People with jackets of ``colours`` and dark trousers before a grey wall, the last one in front. (H, W, 3)."""
    image = np.full((SIZE[1], SIZE[0], 3), 150, np.uint8)
    for pose, colour in zip(people.keypoints, colours):
        (left, top), (right, hips) = pose[[6, 5]].min(axis=0), pose[[11, 12]].max(axis=0)
        feet = pose[[15, 16], 1].max()
        x0, x1 = int(left), int(right) + 12
        image[int(top) : int(hips), max(x0, 0) : max(x1, 0)] = colour
        image[int(hips) : int(feet), max(x0, 0) : max(x1, 0)] = (30, 30, 35)
    if rng is not None:
        image = np.clip(image + rng.normal(0, 12, image.shape), 0, 255).astype(np.uint8)
    return image


def seen(tracker, people, colours, time, image=None):
    image = picture(people, colours, np.random.default_rng(0)) if image is None else image
    return tracker.update(tracker.with_looks(people, Frame(0, time, image)), time, SIZE)


def looks_of(colour, x=300):
    person = crowd((x, 300))
    image = picture(person, [colour], np.random.default_rng(1))
    return describe(Frame(0, 0.0, image), person.keypoints, person.keypoint_scores)


def test_the_same_clothes_are_alike_and_others_are_not():
    teal, brown, olive = looks_of(TEAL), looks_of(BROWN), looks_of(OLIVE)
    assert alike(teal, looks_of(TEAL, 700))[0][0, 0] > 0.95
    for a, b in ((teal, brown), (teal, olive), (brown, olive)):
        assert alike(a, b)[0][0, 0] < 0.75


def test_a_darker_light_changes_clothes_less_than_other_clothes_do():
    dim = looks_of(tuple(int(0.75 * c) for c in TEAL))
    assert alike(looks_of(TEAL), dim)[0][0, 0] > alike(looks_of(TEAL), looks_of(BROWN))[0][0, 0] + 0.3


def test_joints_that_are_not_seen_and_places_outside_the_picture_are_no_evidence():
    person = crowd((300, 300), (-500, 300))
    person.keypoint_scores[0, 5:] = 0.05
    looks = describe(Frame(0, 0.0, picture(person, [TEAL, TEAL])), person.keypoints, person.keypoint_scores)
    assert looks.shape == (2, LENGTH) and np.isfinite(looks).all()
    assert (alike(looks, looks_of(TEAL))[1] == 0).all()


def test_nobody_is_described_as_nobody():
    black = Frame(0, 0.0, np.zeros((8, 8, 3), np.uint8))
    assert describe(black, np.zeros((0, 17, 2)), np.zeros((0, 17))).shape == (0, LENGTH)


def test_two_who_turn_round_behind_each_other_keep_their_ids_by_clothes():
    """They meet, are one found person for half a second, and go back where each came from: motion alone swaps them."""
    tracker = PoseTracker(SIGMAS)
    for frame in range(61):
        apart = abs(frame - 30) * 6
        left, right = crowd((500 - apart, 300)), crowd((500 + apart, 300))
        both = crowd((500 - apart, 300), (500 + apart, 300))
        if apart < 50:
            people = seen(tracker, right, [BROWN], frame / 25, picture(right, [BROWN]))
        else:
            people = seen(tracker, both, [TEAL, BROWN], frame / 25)
            assert owner_of(people, left.keypoints[0, 11]) == 1 and owner_of(people, right.keypoints[0, 11]) == 2


def follow(tracker, frame, pose_of):
    """One frame in which nobody is found and the estimator gives ``pose_of(expected)`` for the expected person."""
    expected = tracker.predict(frame / 25)
    assert isinstance(expected, Detections) and len(expected) == 1
    pose, image = pose_of(expected)
    return tracker.update(
        tracker.with_looks(
            People(
                expected.bboxes,
                expected.scores,
                pose,
                np.full((1, 17), 0.9, np.float32),
                carried=np.ones(1, bool),
                expected_by=expected.expected_by,
            ),
            Frame(frame, frame / 25, image),
        ),
        frame / 25,
        SIZE,
    )


def test_a_carried_pose_does_not_slide_onto_whoever_stands_in_front():
    tracker = PoseTracker(SIGMAS)
    for frame in range(10):
        seen(tracker, crowd((300, 300)), [TEAL], frame / 25)
    for frame in range(10, 20):  # somebody in brown walks past, and the estimator goes along
        other = crowd((300 + 8 * (frame - 10), 300))
        people = follow(tracker, frame, lambda expected, other=other: (other.keypoints, picture(other, [BROWN])))
        assert people.track_ids.tolist() == [1] and people.carried.all() and people.filled.all()
        assert abs(people.keypoints[0, 11:13, 0].mean() - 300) < 8
        assert (people.keypoint_scores < 0.9).all()
    assert (people.keypoint_scores < 0.5).all()  # by now nobody should rely on it
    back = seen(tracker, crowd((305, 300)), [TEAL], 20 / 25)
    assert back.track_ids.tolist() == [1] and not back.carried.any() and not back.filled.any()


def test_who_is_hidden_behind_somebody_is_bridged_by_the_refiner():
    """Somebody in brown walks past somebody in teal, who is not found for half a second."""
    tracker, frames = PoseTracker(SIGMAS), []
    for frame in range(50):
        walking = (40 + 20 * frame, 300)
        hidden = 8 <= frame < 21  # 0.52 s at 25 frames a second
        people = crowd(walking) if hidden else crowd((300, 300), walking)
        colours = [BROWN] if hidden else [TEAL, BROWN]
        tracked = seen(tracker, people, colours, frame / 25, picture(crowd((300, 300), walking), [TEAL, BROWN]))
        frames.append(FrameResult(Frame(frame, frame / 25, np.zeros((8, 8, 3), np.uint8)), tracked))
    out = [result.people for result in StreamRefiner(NoSmoother()).stream(iter(frames))]
    assert [people.track_ids.tolist() for people in out] == [[1, 2]] * 50
    assert [people.filled.tolist() for people in out] == [[False, 8 <= frame < 21] for frame in range(50)]
    assert max(np.abs(people.keypoints[1, 11:13, 0].mean() - 300) for people in out) < 12


def test_a_carried_pose_that_keeps_clothes_and_limbs_is_adopted():
    tracker = PoseTracker(SIGMAS)
    for frame in range(10):
        seen(tracker, crowd((300, 300)), [TEAL], frame / 25)
    for frame in range(10, 20):
        now = crowd((300 + 4 * (frame - 10), 300))
        people = follow(tracker, frame, lambda expected, now=now: (now.keypoints, picture(now, [TEAL])))
        np.testing.assert_array_equal(people.keypoints, now.keypoints)


def test_a_carried_pose_whose_limbs_change_their_length_at_once_is_hidden():
    tracker = PoseTracker(SIGMAS)
    for frame in range(10):
        seen(tracker, crowd((300, 300)), [TEAL], frame / 25)
    small = crowd((300, 300), height=90)
    people = follow(tracker, 10, lambda expected: (small.keypoints, picture(small, [TEAL])))
    assert np.ptp(people.keypoints[0, :, 1]) > 150


def test_the_body_of_somebody_hidden_is_not_torn_apart():
    tracker = PoseTracker(SIGMAS)
    rng = np.random.default_rng(0)
    for frame in range(10):
        seen(tracker, crowd((300 + 3 * frame, 300), rng=rng, noise=6), [TEAL], frame / 25)
    for frame in range(10, 25):
        people = seen(tracker, crowd((900, 300)), [BROWN], frame / 25)
        assert 150 < np.ptp(people.keypoints[0, :, 1]) < 240


@pytest.mark.parametrize('colour, id', [(TEAL, 1), (BROWN, 2)])
@pytest.mark.parametrize('fps', [0.5, 3, 25])
def test_who_comes_back_within_the_stated_time_gets_the_old_id_by_clothes(colour, id, fps):
    tracker = PoseTracker(SIGMAS)
    for frame in range(6):
        assert seen(tracker, crowd((300 + 4 * frame / fps, 300)), [TEAL], frame / fps).track_ids.tolist() == [1]
    back = seen(tracker, crowd((420, 300)), [colour], 5 / fps + 4.0)
    assert back.track_ids[~back.carried].tolist() == [id]


def test_who_comes_back_after_the_stated_time_is_new():
    tracker = PoseTracker(SIGMAS, TrackerOptions(return_time=3.0))
    seen(tracker, crowd((300, 300)), [TEAL], 0.0)
    assert seen(tracker, crowd((300, 300)), [TEAL], 3.5).track_ids.tolist() == [2]


def test_two_lost_in_one_uniform_are_told_apart_by_place():
    tracker = PoseTracker(SIGMAS)
    seen(tracker, crowd((300, 300), (900, 300)), [TEAL, TEAL], 0.0)
    back = seen(tracker, crowd((910, 300), (310, 300)), [TEAL, TEAL], 2.0)
    assert owner_of(back, (310, 300)) == 1 and owner_of(back, (910, 300)) == 2
