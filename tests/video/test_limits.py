"""Pictures that together take too much memory are refused before they are read, with the way to allow them."""

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.pipeline import VideoPipeline
from pipeline.refine import build_refiner
from pipeline.tracking import PoseTracker
from pipeline.video import ArraySource, open_source
from tests.test_run_state import SKELETON, Detector, Estimator


def chain_with(refiner: str) -> VideoPipeline:
    return VideoPipeline(Detector(), Estimator(), PoseTracker(SKELETON.sigmas), build_refiner(refiner, SKELETON))


def pictures(count: int) -> list:
    return [np.zeros((100, 100, 3), np.uint8)] * count


def test_more_pictures_than_may_wait_are_refused_with_the_way_to_allow_them(monkeypatch):
    chain = chain_with('gaussian')
    monkeypatch.setenv('POSE_MEMORY_GB', '0.0006')  # 20 of them
    with pytest.raises(
        InputError, match=r'100x100, of which up to \d+ wait .* 0.0006 GB are allowed \(POSE_MEMORY_GB=1 '
    ):
        next(chain.results(ArraySource(pictures(100))))
    assert len(list(chain.results(ArraySource(pictures(20))))) == 20  # not more than there are
    with pytest.raises(InputError, match='POSE_MEMORY_GB'):  # nobody knows how many come
        next(chain.results(ArraySource(iter(pictures(20)))))
    monkeypatch.setenv('POSE_MEMORY_GB', '1')
    assert len(list(chain.results(ArraySource(pictures(100))))) == 100


def test_a_higher_rate_holds_more_back(monkeypatch):
    chain = chain_with('gaussian')
    monkeypatch.setenv('POSE_MEMORY_GB', '0.003')
    chain.check_memory(ArraySource(pictures(1000), fps=30))
    with pytest.raises(InputError, match='POSE_MEMORY_GB'):
        chain.check_memory(ArraySource(pictures(1000), fps=1000))


def test_a_chain_never_holds_more_than_it_was_checked_for(monkeypatch):
    most, given = 0, 0
    told = []
    chain = chain_with('gaussian')
    monkeypatch.setattr('pipeline.pipeline.check_memory', lambda *given: told.append(given[-1]))

    class Counting(ArraySource):
        def __iter__(self):
            nonlocal most
            for frame in super().__iter__():
                most = max(most, frame.index - given)
                yield frame

    for result in chain.results(Counting(iter(pictures(150)))):
        given = result.frame.index
    assert 0 < most <= told[0]


def test_what_the_environment_says_has_to_be_a_number(monkeypatch, clips):
    monkeypatch.setenv('POSE_MAX_PIXELS', 'many')
    with pytest.raises(InputError, match='POSE_MAX_PIXELS=many: must be a number above 0'):
        open_source(clips.write('a.mp4', frames=2))
