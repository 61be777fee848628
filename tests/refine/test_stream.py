"""The stream keeps order and frames, bridges short gaps only, and equals the whole-track result."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.refine.filters import NoSmoother, OneEuroSmoother, gaussian, savgol
from pipeline.refine.smoother import smooth_track
from pipeline.refine.stream import StreamRefiner
from pipeline.types import Frame, FrameResult, People

FPS = 10.0


def person(x, track_id):
    keypoints = np.array([[[x, 0.0], [x, 10.0]]], np.float32)
    return People(
        np.array([[x - 1, -1, x + 1, 11]], np.float32),
        np.ones(1, np.float32),
        keypoints,
        np.ones((1, 2), np.float32),
        np.array([track_id]),
    )


def frame_with(index, people):
    return FrameResult(Frame(index, index / FPS, np.zeros((2, 2, 3), np.uint8)), people)


def both(a, b):
    return People(
        *(
            np.concatenate([getattr(a, n), getattr(b, n)])
            for n in ('bboxes', 'bbox_scores', 'keypoints', 'keypoint_scores', 'track_ids')
        )
    )


@pytest.mark.parametrize('smoother', [NoSmoother(), OneEuroSmoother(), savgol(5, 2, block=4), gaussian(1.0, block=4)])
def test_every_frame_comes_out_once_in_order(smoother):
    frames = [frame_with(i, person(i, 1) if i % 7 else People.empty(2)) for i in range(40)]
    out = list(StreamRefiner(smoother, max_gap=0.05).stream(iter(frames)))
    assert [r.frame.index for r in out] == list(range(40))
    assert [len(r.people) for r in out] == [int(i % 7 > 0) for i in range(40)]


def test_short_gap_is_filled_by_straight_line_and_marked():
    frames = [frame_with(i, People.empty(2) if i in (3, 4) else person(2.0 * i, 1)) for i in range(8)]
    out = list(StreamRefiner(NoSmoother(), max_gap=0.3).stream(iter(frames)))
    assert [r.people.filled.tolist() for r in out] == [[False]] * 3 + [[True]] * 2 + [[False]] * 3
    np.testing.assert_allclose([r.people.keypoints[0, 0, 0] for r in out], 2.0 * np.arange(8), atol=1e-5)
    np.testing.assert_allclose(out[3].people.keypoint_scores, 0.5)


def test_long_gap_stays_empty():
    frames = [frame_with(i, People.empty(2) if 3 <= i < 8 else person(i, 1)) for i in range(12)]
    out = list(StreamRefiner(NoSmoother(), max_gap=0.3).stream(iter(frames)))
    assert [len(r.people) for r in out] == [1] * 3 + [0] * 5 + [1] * 4


def test_gap_at_the_very_end_stays_empty():
    frames = [frame_with(i, person(i, 1) if i < 6 else People.empty(2)) for i in range(8)]
    out = list(StreamRefiner(NoSmoother(), max_gap=1.0).stream(iter(frames)))
    assert [len(r.people) for r in out] == [1] * 6 + [0] * 2


def expected(x, track_id):
    """Somebody whom the tracker has not seen, but expects."""
    return replace(person(x, track_id), filled=np.ones(1, bool))


def test_who_is_expected_and_does_not_come_back_is_left_out():
    frames = [frame_with(i, person(i, 1) if i < 10 else expected(9 + 5 * (i - 9), 1)) for i in range(16)]
    frames += [frame_with(i, People.empty(2)) for i in range(16, 20)]
    for smoother in (NoSmoother(), gaussian(2.0)):
        out = list(StreamRefiner(smoother).stream(iter(frames)))
        assert [len(r.people) for r in out] == [1] * 10 + [0] * 10


def test_who_is_expected_and_comes_back_is_bridged_for_longer_than_who_is_missing():
    seen = [person(2.0 * i, 1) for i in range(16)]
    hidden = [frame_with(i, expected(90.0, 1) if 4 <= i < 11 else seen[i]) for i in range(16)]
    out = list(StreamRefiner(NoSmoother()).stream(iter(hidden)))
    assert [r.people.filled.tolist() for r in out] == [[4 <= i < 11] for i in range(16)]
    np.testing.assert_allclose([r.people.keypoints[0, 0, 0] for r in out], 2.0 * np.arange(16), atol=1e-5)
    missing = [frame_with(i, People.empty(2) if 4 <= i < 11 else seen[i]) for i in range(16)]
    out = list(StreamRefiner(NoSmoother()).stream(iter(missing)))
    assert [len(r.people) for r in out] == [int(not 4 <= i < 11) for i in range(16)]


def test_nobody_is_expected_for_longer_than_max_hidden():
    frames = [frame_with(i, expected(i, 1) if 4 <= i < 16 else person(i, 1)) for i in range(20)]
    refiner, behind = StreamRefiner(NoSmoother(), max_hidden=0.5), 0
    out = []
    for i, frame in enumerate(frames):
        out += refiner.push(frame)
        behind = max(behind, i - out[-1].frame.index)
    assert [len(r.people) for r in out + refiner.flush()] == [1] * 4 + [0] * 12 + [1] * 4
    assert 3 < behind <= refiner.latency(FPS)


def test_people_keep_their_own_poses_and_raw_ones():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(30, 2))
    frames = [frame_with(i, both(person(100 + noise[i, 0], 7), person(noise[i, 1], 3))) for i in range(30)]
    out = list(StreamRefiner(gaussian(1.0, block=4)).stream(iter(frames)))
    for i, result in enumerate(out):
        assert result.people.track_ids.tolist() == [3, 7]
        np.testing.assert_allclose(result.people.keypoints_raw[:, 0, 0], [noise[i, 1], 100 + noise[i, 0]], rtol=1e-5)
        assert abs(result.people.keypoints[1, 0, 0] - 100) < 3
    smooth = np.array([r.people.keypoints[0, 0, 0] for r in out])
    assert np.abs(np.diff(smooth, 2)).mean() < 0.3 * np.abs(np.diff(noise[:, 1], 2)).mean()


def test_stream_equals_whole_track():
    rng = np.random.default_rng(1)
    x = rng.normal(size=50).cumsum()
    frames = [frame_with(i, person(x[i], 1)) for i in range(50)]
    smoother = savgol(7, 2, block=8)
    streamed = np.array([r.people.keypoints[0] for r in StreamRefiner(smoother).stream(iter(frames))])
    keypoints = np.stack([f.people.keypoints[0] for f in frames])
    whole = smooth_track(smoother, keypoints, np.ones((50, 2)), np.arange(50) / FPS)
    np.testing.assert_array_equal(streamed, whole)


def test_latency_is_never_exceeded():
    refiner = StreamRefiner(savgol(5, 2, block=8), max_gap=0.3)
    behind = 0
    for i in range(60):
        present = i % 13 not in (4, 5)
        done = refiner.push(frame_with(i, person(i, 1 + i // 13) if present else People.empty(2)))
        behind = max(behind, i - done[-1].frame.index) if done else behind
    assert 0 < behind <= refiner.latency(FPS)
    assert len(refiner.flush()) <= refiner.latency(FPS)


def watched_every(every, frames):
    return [
        FrameResult(replace(r.frame, watched=i % every == 0), r.people if i % every == 0 else People.empty(2))
        for i, r in enumerate(frames)
    ]


@pytest.mark.parametrize('max_gap', [0.0, 0.3])
def test_frames_that_nobody_watched_are_filled_at_full_confidence(max_gap):
    frames = watched_every(5, [frame_with(i, person(2.0 * i, 1)) for i in range(16)])
    out = list(StreamRefiner(NoSmoother(), max_gap).stream(iter(frames)))
    assert [r.people.filled.tolist() for r in out] == [[i % 5 > 0] for i in range(16)]
    np.testing.assert_allclose([r.people.keypoints[0, 0, 0] for r in out], 2.0 * np.arange(16), atol=1e-5)
    np.testing.assert_array_equal([r.people.keypoint_scores[0, 0] for r in out], np.ones(16))


def test_who_is_missed_in_a_watched_frame_is_bridged_at_half_confidence():
    frames = watched_every(2, [frame_with(i, People.empty(2) if i == 4 else person(i, 1)) for i in range(9)])
    out = list(StreamRefiner(NoSmoother(), max_gap=0.3).stream(iter(frames)))
    assert [r.people.keypoint_scores[0, 0] for r in out] == [1, 1, 1, 0.5, 0.5, 0.5, 1, 1, 1]


def test_who_stays_away_from_watched_frames_is_not_bridged():
    frames = watched_every(2, [frame_with(i, People.empty(2) if 3 < i < 12 else person(i, 1)) for i in range(15)])
    out = list(StreamRefiner(NoSmoother(), max_gap=0.3).stream(iter(frames)))
    assert [len(r.people) for r in out] == [1] * 3 + [0] * 9 + [1] * 3


def test_smoother_hears_of_watched_missed_and_unwatched_joints():
    heard = []

    class Listener(NoSmoother):
        def push(self, keypoints, scores, time):
            heard.append(float(scores[0]))
            return [keypoints]

    missed = frame_with(4, People.empty(2))
    frames = watched_every(2, [missed if i == 4 else frame_with(i, person(i, 1)) for i in range(7)])
    list(StreamRefiner(Listener(), max_gap=0.3).stream(iter(frames)))
    assert heard == [1, 0.5, 1, 0, 0, 0, 1]


@pytest.mark.parametrize('every', [1, 2, 5])
def test_latency_holds_where_frames_are_skipped(every):
    smoother = savgol(7, 2, block=8)
    refiner = StreamRefiner(smoother, max_gap=0.3)
    allowed, done = refiner.latency(FPS, every), -1
    for i, result in enumerate(
        watched_every(
            every, [frame_with(i, person(i, 1)) if i < 40 else frame_with(i, People.empty(2)) for i in range(80)]
        )
    ):
        for final in refiner.push(result):
            done = final.frame.index
        assert i - done <= allowed


def test_who_was_carried_is_still_marked_after_the_refiner():
    frames = [frame_with(i, People.empty(2) if i == 3 else both(person(i, 2), person(100, 1))) for i in range(8)]
    for result in frames[4:6]:
        result.people.carried[:] = [True, False]  # id 2, whom the tracker carried; id 1 comes first when refined
    out = list(StreamRefiner(NoSmoother(), max_gap=0.3).stream(iter(frames)))
    assert [r.people.carried.tolist() for r in out] == [[False, False]] * 4 + [[False, True]] * 2 + [[False, False]] * 2


def test_sigmas_of_a_smoother_reach_the_people():
    class Doubting(NoSmoother):
        def open(self):
            return self

        def push(self, keypoints, scores, time):
            return [np.column_stack([keypoints + 1, [3.0, 4.0]]).astype(np.float32)]

        def close(self):
            return []

    untracked = person(50.0, -1)
    results = list(StreamRefiner(Doubting()).stream(iter([frame_with(0, both(person(5.0, 1), untracked))])))
    people = results[0].people
    tracked = int(np.flatnonzero(people.track_ids == 1)[0])
    assert people.keypoints.shape == (2, 2, 2) and people.keypoints[tracked, 0, 0] == 6.0
    assert people.keypoint_sigmas[tracked].tolist() == [3.0, 4.0]
    assert np.isnan(people.keypoint_sigmas[1 - tracked]).all()
    plain = list(StreamRefiner(NoSmoother()).stream(iter([frame_with(0, person(5.0, 1))])))
    assert plain[0].people.keypoint_sigmas is None
