"""What a run remembers belongs to the run: the next one, or one beside it, sees nothing of it."""

import os
import threading

import numpy as np
import pytest
import torch

from pipeline.errors import InputError
from pipeline.pipeline import VideoPipeline
from pipeline.refine import build_refiner
from pipeline.skeletons import load_skeleton
from pipeline.tracking import PoseTracker
from pipeline.types import Detections, People
from pipeline.video import ArraySource

SKELETON = load_skeleton('coco')


def clip(brightness: int, frames: int = 30) -> list:
    """Pictures of one brightness, by which a result tells whose it is."""
    return [np.full((48, 64, 3), brightness, np.uint8) for _ in range(frames)]


class Detector:
    """One person, whose box tells the picture's brightness."""

    def detect(self, frames):
        return [Detections(np.array([[8, 4, 40, 44]], np.float32), np.ones(1, np.float32)) for _ in frames]


class Estimator:
    """A pose whose first joint is the picture's brightness."""

    frame_offsets, skeleton = (0,), SKELETON

    def estimate(self, windows, detections):
        people = []
        for (frame,), found in zip(windows, detections):
            points = np.tile(np.linspace(6, 42, 17, dtype=np.float32)[:, None], (len(found), 1, 2))
            points[:, 0, 0] = frame.image[0, 0, 0]
            people.append(People(found.bboxes, found.scores, points, np.ones(points.shape[:2], np.float32)))
        return people


@pytest.fixture
def chain():
    return VideoPipeline(Detector(), Estimator(), PoseTracker(SKELETON.sigmas), build_refiner('none', SKELETON))


@pytest.fixture
def late_chain():
    """A refiner that holds frames back, so that a run that is left has some waiting."""
    return VideoPipeline(Detector(), Estimator(), PoseTracker(SKELETON.sigmas), build_refiner('gaussian', SKELETON))


def told(results) -> list:
    return [(r.frame.index, int(r.people.keypoints_raw[0, 0, 0]), int(r.people.track_ids[0])) for r in results]


def right(brightness: int, frames: int = 30) -> list:
    return [(i, brightness, 1) for i in range(frames)]


def test_a_run_left_early_leaves_nothing_for_the_next(late_chain):
    first = late_chain.results(ArraySource(clip(10, 60)))
    for _ in range(5):
        next(first)
    first.close()
    assert told(late_chain.results(ArraySource(clip(20)))) == right(20)


def test_a_run_that_fails_leaves_nothing_for_the_next(late_chain):
    def broken():
        yield from clip(10, 40)
        raise InputError('the camera fell down')

    with pytest.raises(InputError, match='fell down'):
        list(late_chain.results(ArraySource(broken())))
    assert told(late_chain.results(ArraySource(clip(20)))) == right(20)


def test_two_runs_in_turns_do_not_mix(late_chain):
    one, two = late_chain.results(ArraySource(clip(10))), late_chain.results(ArraySource(clip(20)))
    results = [told([a]) + told([b]) for a, b in zip(one, two)]
    assert [first for first, _ in results] == right(10) and [second for _, second in results] == right(20)


def test_two_threads_may_use_one_pipeline(late_chain):
    answers = {}

    def work(brightness):
        answers[brightness] = told(late_chain.results(ArraySource(clip(brightness, 50))))

    threads = [threading.Thread(target=work, args=(value,)) for value in (10, 20, 30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {value: right(value, 50) for value in (10, 20, 30)}


def test_the_callers_torch_threads_stay_as_they_are(chain):
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        one, two = chain.results(ArraySource(clip(10))), chain.results(ArraySource(clip(20)))
        seen = set()
        for _ in zip(one, two):
            seen.add(torch.get_num_threads())
        assert seen == {3} and torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='no fork on this system')
def test_a_fork_of_a_used_pipeline_is_refused_in_one_line(chain):
    list(chain.results(ArraySource(clip(10))))
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # nothing but plain calls here: the test runner must not see this process
        message = b'no error'
        try:
            list(chain.results(ArraySource(clip(10))))
        except InputError as error:
            message = str(error).encode()
        os.write(writing, message)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, 'rb') as pipe:
        message = pipe.read().decode()
    os.waitpid(child, 0)
    assert 'make one in each process, after the fork' in message and '\n' not in message


def test_a_batch_that_following_overrides_is_said():
    tracker = PoseTracker(SKELETON.sigmas)
    chain = VideoPipeline(Detector(), Estimator(), tracker, build_refiner('none', SKELETON), detect_every=3, batch=8)
    assert chain.batch == 1 and chain.notes[0].startswith('batch 8 becomes 1')
    chain = VideoPipeline(Detector(), Estimator(), tracker, build_refiner('none', SKELETON), batch=8)
    assert chain.batch == 8 and not chain.notes
