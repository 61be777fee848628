"""Stages pull what they need, keep the order, and clamp neighbourhoods at both ends."""

from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.stages import Advice, Buffer, Detect, Estimate, Follow, Track, Watch, connect, neighbourhoods
from pipeline.timing import Clock
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


class Windows:
    frame_offsets = (-1, 0, 1)
    skeleton = SimpleNamespace(num_keypoints=1)

    def __init__(self):
        self.windows = []

    def estimate(self, windows, detections):
        self.windows += [[f.index for f in window] for window in windows]
        return [
            People(d.bboxes, d.scores, np.zeros((1, 1, 2), np.float32), np.ones((1, 1), np.float32)) for d in detections
        ]


@pytest.mark.parametrize(
    'offsets, expected',
    [
        ((0,), ['a', 'b', 'c', 'd']),
        ((-1, 0, 1), ['aab', 'abc', 'bcd', 'cdd']),
        ((-2, 0), ['aa', 'ab', 'ac', 'bd']),
        ((0, 2), ['ac', 'bd', 'cd', 'dd']),
        ((-9, 9), ['ad', 'ad', 'ad', 'ad']),
    ],
)
def test_neighbourhoods_are_clamped(offsets, expected):
    found = list(neighbourhoods('abcd', offsets))
    assert [''.join(around) for around, _ in found] == expected
    assert ''.join(centre for _, centre in found) == 'abcd'


def test_neighbourhoods_of_nothing_and_one():
    assert list(neighbourhoods('', (-1, 0, 1))) == []
    assert list(neighbourhoods('a', (-1, 0, 1))) == [(['a', 'a', 'a'], 'a')]


def test_neighbourhoods_hold_back_only_what_they_must():
    pulled = []

    def source():
        for i in range(10):
            pulled.append(i)
            yield i

    iterator = neighbourhoods(source(), (-1, 0, 1))
    next(iterator)
    assert pulled == [0, 1]


@pytest.mark.parametrize(
    'count, every, watched', [(7, 3, [0, 3, 6]), (8, 3, [0, 3, 6, 7]), (1, 5, [0]), (0, 2, []), (4, 1, [0, 1, 2, 3])]
)
def test_every_nth_frame_and_the_last_one_are_watched(count, every, watched):
    marked = list(Watch(every)(iter(frames(count))))
    assert [f.index for f in marked] == list(range(count))
    assert [f.index for f in marked if f.watched] == watched


@pytest.mark.parametrize('batch', [1, 4, 100])
def test_frames_that_are_not_watched_cost_no_network(batch):
    detector, estimator = Detector(), Windows()
    found = Detect(detector, batch)(Watch(4)(iter(frames(9))))
    results = list(Estimate(estimator, batch)(found))
    assert [r.frame.index for r in results] == list(range(9))
    assert sorted(sum(detector.calls, [])) == [0, 4, 8]
    assert estimator.windows == [[0, 0, 1], [3, 4, 5], [7, 8, 8]]
    assert [len(r.people) for r in results] == [1, 0, 0, 0, 1, 0, 0, 0, 1]
    assert [r.people.keypoints.shape[1] for r in results] == [1] * 9


def test_detector_looks_at_every_nth_watched_frame():
    detector = Detector()
    found = Detect(detector, every=2)(Watch(2)(iter(frames(9))))
    found = list(Follow(detector, predicted(-100))(found))
    assert detector.calls == [[0], [4], [8]]
    assert [len(d) for _, d in found] == [2, 0, 1, 0, 2, 0, 1, 0, 2]


def test_tracker_sees_watched_frames_only():
    class Tracker:
        times = []

        def update(self, people, time, size):
            self.times.append(time)
            return people

    results = Estimate(Windows())(Detect(Detector())(Watch(2)(iter(frames(5)))))
    assert len(list(Track(Tracker())(results))) == 5
    assert Tracker.times == [0.0, 0.2, 0.4]


@pytest.mark.parametrize('batch', [1, 3, 100])
def test_detect_and_estimate_in_batches(batch):
    detector, estimator = Detector(), Windows()
    found = Detect(detector, batch)(iter(frames(7)))
    results = list(Estimate(estimator, batch)(found))
    assert [r.frame.index for r in results] == list(range(7))
    assert [r.people.bboxes[0, 0] for r in results] == list(range(7))
    assert estimator.windows == [[max(i - 1, 0), i, min(i + 1, 6)] for i in range(7)]
    assert max(map(len, detector.calls)) == min(batch, 7)


class predicted:
    """Advice that expects one person at ``x``, or nobody."""

    def __init__(self, x, score=1.0):
        self.x, self.score = x, score

    def predict(self, time):
        if self.x is None:
            return Detections.empty()
        return Detections(np.array([[self.x, 0, self.x + 10, 10]], np.float32), np.full(1, self.score, np.float32))


def looked_and_followed(count, detector, every, predict):
    looked = Detect(detector, every=every)(iter(frames(count)))
    return Follow(detector, predict)(looked)


@pytest.mark.parametrize('batch', [1, 4])
def test_frames_that_are_not_looked_at_come_with_none(batch):
    detector = Detector()
    looked = list(Detect(detector, batch, every=3)(iter(frames(7))))
    assert [frame.index for frame, _ in looked] == list(range(7))
    assert [found is not None for _, found in looked] == [True, False, False] * 2 + [True]
    assert detector.calls == ([[0], [3], [6]] if batch == 1 else [[0, 3], [6]])


def test_every_third_frame_is_looked_at_and_the_others_follow():
    detector = Detector()
    found = list(looked_and_followed(7, detector, 3, predicted(-100)))
    assert detector.calls == [[0], [3], [6]]
    assert [d.carried.tolist() for _, d in found] == [[False, True], [True], [True]] * 2 + [[False, True]]


def test_who_is_found_is_not_carried_too():
    class Here(Detector):
        def detect(self, group):
            return [Detections(np.array([[0, 0, 10, 10]], np.float32), np.ones(1, np.float32))]

    found = [d for _, d in looked_and_followed(4, Here(), 1, predicted(1))]
    assert [d.carried.tolist() for d in found] == [[False]] * 4


def test_who_is_missed_loses_half_of_the_score_per_half_life():
    found = [d for _, d in looked_and_followed(9, Detector(), 4, predicted(-100, 0.8))]
    assert found[1].scores.tolist() == pytest.approx([0.8])  # nobody looked: nothing was missed
    assert found[4].scores.tolist() == pytest.approx([1.0, 0.8 * 2**-0.5])  # 0.4 s after the last look


def test_detect_looks_when_nobody_is_followed():
    detector = Detector()
    list(looked_and_followed(5, detector, 3, predicted(None)))
    assert detector.calls == [[i] for i in range(5)]


class Tracker:
    """Counts its updates and expects nobody."""

    updates = 0

    def update(self, people, time, size):
        self.updates += 1
        return people

    def predict(self, time):
        return Detections.empty()


class OneFrame(Windows):
    frame_offsets = (0,)


@pytest.mark.parametrize('estimator', [OneFrame(), Windows()])
def test_advice_is_refused_where_a_buffer_stands_before_the_tracker(estimator):
    def row(*between):
        tracker = Tracker()
        advice = Advice(tracker, lag=max(estimator.frame_offsets))
        stages = [Detect(Detector()), Follow(Detector(), advice), Estimate(estimator), *between, Track(tracker, advice)]
        return list(connect(frames(30), stages, Clock()))

    assert [result.frame.index for result in row()] == list(range(30))
    with pytest.raises(RuntimeError, match='no buffer may stand between Follow and Track'):
        row(Buffer(8))


def test_a_stage_is_not_charged_for_its_upstream(monkeypatch):
    now = [0.0]
    monkeypatch.setattr('pipeline.timing.time.perf_counter', lambda: now[0])

    class Slow:
        def __init__(self, name, seconds):
            self.name, self.seconds = name, seconds

        def __call__(self, items):
            for item in items:
                now[0] += self.seconds
                yield item

    clock = Clock()
    for _ in connect('abcd', [Slow('first', 1.0), Slow(None, 7.0), Slow('second', 0.25)], clock):
        now[0] += 100.0  # the consumer's own time
    assert clock.seconds == {'first': 4.0, 'second': 1.0}


def test_leaving_a_row_early_ends_its_thread_and_its_source():
    ended = []

    def source():
        try:
            yield from frames(1000)
        finally:
            ended.append(True)

    row = connect(source(), [Buffer(2), Watch(1)], Clock())
    assert next(row).index == 0
    row.close()
    assert ended == [True]
