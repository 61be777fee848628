"""Windows cover every frame, blend by weight, and cost no frame at the ends."""

import numpy as np
import pytest

from pipeline.refine.smoother import smooth_track
from pipeline.refine.windows import MOST_PHASES, WindowSmoother, by_phases, core_blend, hann_blend


def track(length):
    return np.arange(length * 4, dtype=np.float32).reshape(length, 2, 2), np.ones((length, 2)), np.arange(length) / 30


@pytest.mark.parametrize('length', [1, 2, 7, 8, 9, 16, 17, 31, 64])
@pytest.mark.parametrize('step', [1, 3, 8])
def test_identity_gives_every_frame_back(length, step):
    smoother = WindowSmoother(lambda k, s, t: k, 8, step, hann_blend(8))
    np.testing.assert_allclose(smooth_track(smoother, *track(length)), track(length)[0], rtol=1e-6)


def test_answers_are_blended_by_weight():
    answers = iter([0.0, 6.0])

    def constant(keypoints, scores, times):
        return np.full_like(keypoints, next(answers))

    smoother = WindowSmoother(constant, 4, 2, np.array([1.0, 2.0, 2.0, 1.0]))
    result = smooth_track(smoother, *track(6))[:, 0, 0]
    # frames 2, 3 are answered by both windows: weights 2:1 and 1:2
    np.testing.assert_allclose(result, [0, 0, 2, 4, 6, 6])


def test_last_window_ends_at_the_last_frame():
    starts = []

    def note(keypoints, scores, times):
        starts.append(int(keypoints[0, 0, 0, 0]) // 4)
        return keypoints

    smooth_track(WindowSmoother(note, 8, 4, hann_blend(8)), *track(21))
    assert starts == [0, 4, 8, 12, 13]


def test_short_track_is_padded_with_unseen_poses():
    seen = {}

    def note(keypoints, scores, times):
        seen.update(scores=scores[0, :, 0], times=times[0], keypoints=keypoints[0, :, 0, 0])
        return keypoints

    smooth_track(WindowSmoother(note, 5, 5, hann_blend(5)), *track(3))
    assert seen['scores'].tolist() == [1, 1, 1, 0, 0]
    np.testing.assert_allclose(seen['times'] * 30, [0, 1, 2, 3, 4], atol=1e-9)
    assert seen['keypoints'].tolist() == [0, 4, 8, 8, 8]


def test_core_blend_uses_margins_at_the_ends_only():
    def mark(keypoints, scores, times):
        marked = keypoints.copy()
        marked[:, 0] = marked[:, -1] = -1000
        return marked

    result = smooth_track(WindowSmoother(mark, 6, 4, core_blend(6, 1)), *track(22))[:, 0, 0]
    expected = track(22)[0][:, 0, 0].copy()
    expected[[0, -1]] = -1000
    np.testing.assert_allclose(result, expected, atol=1e-3)


def test_bad_step_is_refused():
    with pytest.raises(ValueError, match='step 9'):
        WindowSmoother(lambda k, s, t: k, 8, 9, hann_blend(8))


def test_the_surer_window_has_more_say_in_each_joint():
    answers = iter([(0.0, (1.0, 1.0)), (6.0, (2.0, 1.0))])

    def doubting(keypoints, scores, times):
        value, sigmas = next(answers)
        poses = np.full_like(keypoints, value)
        return np.concatenate([poses, np.broadcast_to(np.array(sigmas)[:, None], (*poses.shape[:3], 1))], axis=-1)

    smoother = WindowSmoother(doubting, 4, 2, np.ones(4), sigmas=True)
    track_ = smoother.open()
    poses = [pose for frame in zip(*track(6)) for pose in track_.push(*frame)] + track_.close()
    found = np.stack(poses)
    # frames 2 and 3 are answered by both: weights 1 : 1/2 of the first joint, 1 : 1 of the second
    np.testing.assert_allclose(found[2, :, 0], [2, 3])
    np.testing.assert_allclose(found[2, :, 2], [(1 + 2 / 2) / (3 / 2), 1])
    np.testing.assert_allclose(found[5, :, 2], [2, 1])


def at_rate(length, fps):
    return track(length)[0], track(length)[1], np.arange(length) / fps


def noting(seen):
    """What the phases of windows look like to a function of 8 frames."""

    def note(keypoints, scores, times):
        seen.append((keypoints[0, :, 0, 0] / 4, scores[0, :, 0], times[0]))
        return keypoints

    return WindowSmoother(by_phases(note, 8), 8, 4, hann_blend(8), rate=30)


@pytest.mark.parametrize('length', [1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40, 64, 65])
@pytest.mark.parametrize('fps', [10, 30, 44, 46, 60, 120, 1000])
def test_every_frame_comes_back_at_every_rate(length, fps):
    smoother = WindowSmoother(by_phases(lambda k, s, t: k, 8), 8, 4, hann_blend(8), rate=30)
    pushed, state = [], smoother.open()
    for count, pose in enumerate(zip(*at_rate(length, fps)), 1):
        pushed += state.push(*pose)
        assert count - len(pushed) <= smoother.lookahead_at(fps) <= smoother.lookahead
    np.testing.assert_allclose(pushed + state.close(), track(length)[0], rtol=1e-6)


def test_phases_of_a_fast_track_last_as_long_as_windows_of_a_slow_one():
    seen = []
    smooth_track(noting(seen), *at_rate(16, 60))
    (frames, scores, times), *_ = seen
    assert frames.tolist() == [0, 2, 4, 6, 8, 10, 12, 14]
    np.testing.assert_allclose(np.diff(times), 1 / 30)
    assert smooth_track(noting(seen), *at_rate(200, 1000)).shape == (200, 2, 2)
    assert (np.diff(seen[-1][0]) == MOST_PHASES).all()


def test_a_fast_track_that_ends_early_is_padded_by_phases():
    seen = []
    smooth_track(noting(seen), *at_rate(12, 120))  # 32 frames were a whole window, 16 are the least multiple
    assert len(seen) == 1 and seen[0][0].tolist() == [0, 2, 4, 6, 8, 10, 11, 11]
    assert seen[0][1].tolist() == [1] * 6 + [0, 0]


def test_the_rate_is_each_track_s_own():
    def mean(keypoints, scores, times):
        return np.broadcast_to(keypoints.mean(1, keepdims=True), keypoints.shape)

    smoother = WindowSmoother(by_phases(mean, 8), 8, 8, np.ones(8), rate=30)
    tracks = [at_rate(16, 30), at_rate(16, 60), at_rate(16, 30)]
    slow, fast, again = (poses[:, 0, 0] / 4 for poses in smoother.smooth_tracks(tracks))
    np.testing.assert_allclose(slow, np.repeat([3.5, 11.5], 8))
    np.testing.assert_allclose(fast, np.tile([7, 8], 8))
    np.testing.assert_array_equal(slow, again)
    for poses, one in zip((slow, fast), tracks):
        np.testing.assert_allclose(smooth_track(smoother, *one)[:, 0, 0] / 4, poses)
