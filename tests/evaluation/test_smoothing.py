"""What tables measure is what the video chain gives, to the last bit."""

import numpy as np
import pytest

from pipeline.evaluation.smoothing import network_rows, shipped_filter, smooth, track_of, tune, tuning_grids
from pipeline.networks.refiners.sequence_refiner import load_refiner
from pipeline.refine import StreamRefiner, build_refiner
from pipeline.resources import WEIGHTS
from pipeline.skeletons import load_skeleton
from pipeline.types import Frame, FrameResult, People

COCO = load_skeleton('coco')
FPS = 25.0
FILTERS = ('none', 'one-euro', 'savgol', 'gaussian', 'median', 'butterworth', 'hampel', 'hampel:cutoff=6')


def wander(length, seed=0):
    """``(S, 17, 2)`` px of a figure about 200 px tall that drifts, with jitter, and ``(S, 17)`` scores with gaps."""
    generator = np.random.default_rng(seed)
    body = generator.uniform(0, 200, (17, 2))
    poses = body + np.cumsum(generator.normal(size=(length, 1, 2)), 0) + generator.normal(size=(length, 17, 2))
    scores = generator.uniform(0.3, 1, (length, 17)) * (generator.random((length, 17)) > 0.1)
    return poses.astype(np.float32), scores.astype(np.float32)


def stream(options, poses, scores):
    """The poses that the chain's refiner gives for one person."""
    picture, one = np.zeros((1, 1, 3), np.uint8), np.ones(1, np.float32)

    def result(i):
        box = np.concatenate([poses[i].min(0), poses[i].max(0)])[None]
        return FrameResult(Frame(i, i / FPS, picture), People(box, one, poses[i][None], scores[i][None], np.array([1])))

    refiner = build_refiner(options, COCO)
    assert isinstance(refiner, StreamRefiner)
    return np.stack([r.people.keypoints[0] for r in refiner.stream(map(result, range(len(poses))))])


@pytest.mark.parametrize('length', [1, 20, 32, 53, 120])
@pytest.mark.parametrize('name', [*FILTERS, 'hanet'])
def test_evaluation_gives_the_streams_numbers_exactly(name, length):
    poses, scores = wander(length)
    evaluated = smooth(build_refiner(name, COCO).smoother, [track_of(poses, FPS, scores)], batch_size=1)[0]
    np.testing.assert_array_equal(evaluated, stream(name, poses, scores))


@pytest.mark.parametrize('name', FILTERS)
def test_filters_of_many_tracks_in_batches_give_the_streams_numbers_exactly(name):
    tracks = [wander(length, seed=length) for length in (7, 90, 41, 64)]
    together = smooth(shipped_filter(name), [track_of(p, FPS, s) for p, s in tracks], batch_size=5)
    for poses, track in zip(together, tracks):
        np.testing.assert_array_equal(poses, stream(name, *track))


def test_a_network_in_batches_differs_by_rounding_only():
    tracks = [wander(length, seed=length) for length in (20, 90, 41)]
    rows = network_rows('default', load_refiner(WEIGHTS / 'hanet_coco17.pth'), COCO.names, None, False)
    assert list(rows) == ['default (shipped: overlap 2)', 'default (no polish)']
    together = smooth(rows['default (shipped: overlap 2)'], [track_of(p, FPS, s) for p, s in tracks])
    for poses, track in zip(together, tracks):
        assert np.abs(poses - stream('hanet', *track)).max() < 1e-2
        assert np.abs(poses - track[0]).max() > 0.5  # it did something


def test_the_best_case_is_named_and_runs_more_windows():
    model = load_refiner(WEIGHTS / 'hanet_coco17.pth')
    rows = network_rows('default', model, COCO.names, 4, True)
    shipped, best = rows['default (shipped: overlap 2)'], rows['default (best case: windows every 4, mirrored)']
    assert (shipped.window, shipped.step, best.step) == (48, 24, 4)
    assert shipped.step == build_refiner('hanet', COCO).smoother.step


def test_every_candidate_is_a_shipped_filter_and_the_best_one_is_taken():
    for candidates in tuning_grids().values():
        assert all(shipped_filter(options).lookahead >= 0 for options in candidates)
    truth = np.zeros((60, 17, 2), np.float32)
    truth[:, 0] = 200  # a figure 200 px tall that stands still
    noisy = truth + np.random.default_rng(0).normal(size=truth.shape).astype(np.float32)
    best = tune([track_of(noisy, FPS)], lambda refined: np.abs(refined[0] - truth).mean())
    # nothing moves: the strongest smoothing of every family is the best
    assert {'Gaussian (sigma 8.0)', 'One-Euro (min_cutoff 0.5, beta 0.0)'} < set(best)


def test_a_track_has_seconds_and_is_seen_unless_scores_say_otherwise():
    keypoints, scores, times = track_of(np.zeros((3, 2, 2)), 50.0)
    assert scores.tolist() == [[1, 1]] * 3 and times.tolist() == [0, 0.02, 0.04]
