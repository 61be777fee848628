"""Links pull what they need, keep the order, and clamp neighbourhoods at both ends."""
import numpy as np
import pytest

from pipeline import links
from pipeline.clock import Clock
from pipeline.types import Detections, Frame, People


def frames(count):
    return [Frame(i, i / 10, np.zeros((4, 6, 3), np.uint8)) for i in range(count)]


class Detector:
    """Finds one person per frame whose box tells the frame."""

    def __init__(self):
        self.calls = []

    def detect(self, group):
        self.calls.append([f.index for f in group])
        return [Detections(np.full((1, 4), f.index, np.float32), np.ones(1, np.float32)) for f in group]


class Estimator:
    frame_offsets = (-1, 0, 1)

    def __init__(self):
        self.windows = []

    def estimate(self, windows, detections):
        self.windows += [[f.index for f in window] for window in windows]
        return [People(d.bboxes, d.scores, np.zeros((1, 1, 2), np.float32), np.ones((1, 1), np.float32))
                for d in detections]


@pytest.mark.parametrize('offsets, expected', [
    ((0,), ['a', 'b', 'c', 'd']),
    ((-1, 0, 1), ['aab', 'abc', 'bcd', 'cdd']),
    ((-2, 0), ['aa', 'ab', 'ac', 'bd']),
    ((0, 2), ['ac', 'bd', 'cd', 'dd']),
    ((-9, 9), ['ad', 'ad', 'ad', 'ad']),
])
def test_neighbourhoods_are_clamped(offsets, expected):
    found = list(links.neighbourhoods('abcd', offsets))
    assert [''.join(around) for around, _ in found] == expected
    assert ''.join(centre for _, centre in found) == 'abcd'


def test_neighbourhoods_of_nothing_and_one():
    assert list(links.neighbourhoods('', (-1, 0, 1))) == []
    assert list(links.neighbourhoods('a', (-1, 0, 1))) == [(['a', 'a', 'a'], 'a')]


def test_neighbourhoods_hold_back_only_what_they_must():
    pulled = []

    def source():
        for i in range(10):
            pulled.append(i)
            yield i

    iterator = links.neighbourhoods(source(), (-1, 0, 1))
    next(iterator)
    assert pulled == [0, 1]


@pytest.mark.parametrize('batch', [1, 3, 100])
def test_detect_and_estimate_in_batches(batch):
    detector, estimator = Detector(), Estimator()
    found = links.detect(frames(7), detector, Clock(), batch)
    results = list(links.estimate(found, estimator, Clock(), batch))
    assert [r.frame.index for r in results] == list(range(7))
    assert [r.people.bboxes[0, 0] for r in results] == list(range(7))
    assert estimator.windows == [[max(i - 1, 0), i, min(i + 1, 6)] for i in range(7)]
    assert max(map(len, detector.calls)) == min(batch, 7)


def test_detect_every_third_frame_follows_predictions():
    detector = Detector()
    predicted = Detections(np.full((1, 4), -5, np.float32), np.ones(1, np.float32))
    found = list(links.detect(frames(7), detector, Clock(), every=3, predict=lambda time: predicted))
    assert detector.calls == [[0], [3], [6]]
    assert [d.bboxes[0, 0] for _, d in found] == [0, -5, -5, 3, -5, -5, 6]


def test_detect_looks_when_nobody_is_followed():
    detector = Detector()
    list(links.detect(frames(5), detector, Clock(), every=3, predict=lambda time: Detections.empty()))
    assert detector.calls == [[i] for i in range(5)]
