"""Our components pass the checks for strangers' components, and each fault is found and named."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.formats import Exporter, format_named
from pipeline.protocols import Detector, Estimator, PredictingTracker, Smoother, Tracker, TrackSmoother, Writer
from pipeline.refine import build_refiner
from pipeline.registry import WRITERS
from pipeline.skeletons import load_skeleton
from pipeline.testing import check_detector, check_estimator, check_smoother, check_tracker, check_writer
from pipeline.tracking import build_tracker
from pipeline.types import Detections, People
from pipeline.video import open_source

COCO = load_skeleton('coco')


@pytest.fixture(scope='module')
def pictures(shared):
    with open_source(shared('video', 'two_people_1080p.mp4'), end='3f') as source:
        return [frame.image for frame in source]


def test_our_detector_and_estimator_pass(embedded, pictures):
    check_detector(embedded.detector, pictures)
    check_estimator(embedded.estimator, pictures)
    assert isinstance(embedded.detector, Detector) and isinstance(embedded.estimator, Estimator)


@pytest.mark.parametrize('scene', ['default', 'crowd', 'sport', 'single'])
def test_our_tracker_passes(scene):
    tracker = build_tracker(dict(scene=scene), COCO)
    check_tracker(tracker)
    assert isinstance(tracker, PredictingTracker)


@pytest.mark.parametrize(
    'name', ['none', 'one-euro', 'savgol', 'gaussian', 'butterworth', 'hampel', 'hampel:cutoff=6', 'hanet']
)
def test_our_refiners_pass(name):
    smoother = build_refiner(name, COCO).smoother
    check_smoother(smoother)
    assert isinstance(smoother, Smoother) and isinstance(smoother.open(), TrackSmoother)


@pytest.mark.parametrize('name', ['csv', 'json', 'posetrack', 'trc'])
def test_our_formats_pass(name):
    assert name in WRITERS.module_dict
    check_writer(format_named(name))
    assert issubclass(format_named(name), Exporter) and hasattr(Exporter, 'write') and hasattr(Writer, 'write')


class FixedDetector:
    """The same box in every frame that is not black."""

    def detect(self, frames):
        return [self.look(frame) for frame in frames]

    def look(self, frame):
        if not frame.image.any():
            return Detections.empty()
        return Detections(np.array([[10, 10, 50, 90]], np.float32), np.full(1, 0.5, np.float32))


class Forgetful(FixedDetector):
    def detect(self, frames):
        return super().detect(frames)[:2]


class Outside(FixedDetector):
    def look(self, frame):
        return Detections(np.array([[10, 10, 5000, 90]], np.float32), np.full(1, 0.5, np.float32))


class Corners(FixedDetector):
    def look(self, frame):
        return Detections(np.array([[50, 10, 40, 90]], np.float32), np.full(1, 0.5, np.float32))


class Percent(FixedDetector):
    def look(self, frame):
        return Detections(np.array([[10, 10, 40, 90]], np.float32), np.full(1, 50, np.float32))


class Doubles(FixedDetector):
    def look(self, frame):
        return Detections(np.array([[10.0, 10, 40, 90]]), np.full(1, 0.5, np.float32))


class Painter(FixedDetector):
    def look(self, frame):
        frame.image[:5] = 7
        return super().look(frame)


class Counting(FixedDetector):
    calls = 0

    def look(self, frame):
        self.calls += 1
        return Detections(np.array([[10, 10, 50 + self.calls, 90]], np.float32), np.full(1, 0.5, np.float32))


class BatchBound(FixedDetector):
    def detect(self, frames):
        return [Detections(np.array([[0, 0, 10 + len(frames), 9]], np.float32), np.ones(1, np.float32)) for _ in frames]


@pytest.mark.parametrize(
    'broken, words',
    [
        (Forgetful, 'one entry per frame: 3, not 2'),
        (Outside, 'boxes inside the frame of 640x360 px'),
        (Corners, 'x1 < x2'),
        (Percent, 'scores in 0..1'),
        (Doubles, 'bboxes to be float32, not float64'),
        (Painter, 'frames to be left as they are'),
        (Counting, 'the same frames to get the same people again'),
        (BatchBound, 'a frame to get the same people alone'),
    ],
)
def test_faults_of_detectors_are_named(broken, words):
    check_detector(FixedDetector())
    with pytest.raises(AssertionError, match=words):
        check_detector(broken())


class Stick:
    """All joints in the middle of the box."""

    skeleton, frame_offsets = COCO, (-1, 0)

    def estimate(self, windows, detections):
        assert all(len(window) == 2 for window in windows)
        return [self.pose(found) for found in detections]

    def pose(self, found):
        middle = (found.bboxes[:, None, :2] + found.bboxes[:, None, 2:]) / 2
        return People(found.bboxes, found.scores, np.repeat(middle, 17, 1), np.repeat(found.scores[:, None], 17, 1))


class Sorted(Stick):
    def pose(self, found):
        return super().pose(found)[::-1]


class Dropping(Stick):
    def pose(self, found):
        return super().pose(found)[:1]


class FewJoints(Stick):
    def pose(self, found):
        people = super().pose(found)
        return replace(people, keypoints=people.keypoints[:, :5])


class Ahead(Stick):
    frame_offsets = (1, 2)


class Clipping(Stick):
    def pose(self, found):
        found.bboxes[:] = np.round(found.bboxes / 7) * 7 + 1
        return super().pose(found)


class Neighbourly(Stick):
    def pose(self, found):
        people = super().pose(found)
        return replace(people, keypoints=people.keypoints + np.arange(len(found), dtype=np.float32)[:, None, None])


@pytest.mark.parametrize(
    'broken, words',
    [
        (Sorted, 'in the order of their detections'),
        (Dropping, 'one pose per detection: 2, not 1'),
        (FewJoints, r'keypoints of shape \(2, 17, 2\), not \(2, 5, 2\)'),
        (Ahead, 'frame_offsets ascending, with 0'),
        (Clipping, 'frames and detections to be left as they are'),
        (Neighbourly, 'the same pose whatever the order'),
    ],
)
def test_faults_of_estimators_are_named(broken, words):
    check_estimator(Stick())
    with pytest.raises(AssertionError, match=words):
        check_estimator(broken())


class Sides:
    """Ids from left to right."""

    def reset(self):
        self.seen = 0

    def update(self, people, time, image_size):
        people = people[np.argsort(people.bboxes[:, 0])]
        return replace(people, track_ids=self.ids(len(people)))

    def ids(self, count):
        return 1 + np.arange(count)


class NeverForgets(Sides):
    first = 0

    def reset(self):
        self.first += 10

    def ids(self, count):
        return self.first + np.arange(count)


class FromZero(Sides):
    def ids(self, count):
        return np.arange(count)


class OneForAll(Sides):
    def ids(self, count):
        return np.ones(count, int)


class AlwaysNew(Sides):
    def ids(self, count):
        self.seen += count
        return np.arange(self.seen - count, self.seen) + 1


class Smooths(Sides):
    def update(self, people, time, image_size):
        people = super().update(people, time, image_size)
        return replace(people, keypoints=np.round(people.keypoints))


class InPlace(Sides):
    def update(self, people, time, image_size):
        people.track_ids = self.ids(len(people))
        return people


class Twice(Sides):
    def update(self, people, time, image_size):
        people = people[[0, *range(len(people))]] if len(people) else people
        return replace(people, track_ids=self.ids(len(people)))


class Guesses(Sides):
    def predict(self, time):
        self.seen += 1
        return Detections(np.array([[0, 0, 9 + self.seen, 9]], np.float32), np.ones(1, np.float32))


class Silent(Sides):
    def update(self, people, time, image_size):
        return people[:0]


@pytest.mark.parametrize(
    'broken, words',
    [
        (NeverForgets, r'the same answers after reset\(\)'),
        (FromZero, 'ids from 1 up'),
        (OneForAll, 'no id twice in a frame'),
        (AlwaysNew, 'to keep one id'),
        (Smooths, 'boxes, poses and scores as they came'),
        (InPlace, 'update to leave the people that it is given as they are'),
        (Twice, 'every person once'),
        (Guesses, 'predict to change nothing'),
        (Silent, 'a clear person to be shown'),
    ],
)
def test_faults_of_trackers_are_named(broken, words):
    check_tracker(Sides())
    assert isinstance(Sides(), Tracker) and not isinstance(Sides(), PredictingTracker)
    with pytest.raises(AssertionError, match=words):
        check_tracker(broken())


class Delay:
    """Holds two poses back and changes none."""

    lookahead = 2

    def open(self):
        track = type(self)()
        track.waiting = []
        return track

    def push(self, keypoints, scores, time):
        self.waiting.append(keypoints)
        return [self.waiting.pop(0)] if len(self.waiting) > 2 else []

    def close(self):
        return self.waiting


class LosesTheEnd(Delay):
    def close(self):
        return []


class RepeatsTheEnd(Delay):
    def close(self):
        return [*self.waiting, *self.waiting[-1:]]


class SlowerThanItSays(Delay):
    lookahead = 1


class Shared(Delay):
    last = None

    def open(self):
        self.waiting = []
        return self


class Backwards(Delay):
    def close(self):
        return self.waiting[::-1]


class InNormalisedUnits(Delay):
    def push(self, keypoints, scores, time):
        return super().push(keypoints / 640, scores, time)


class ScribblesOnInput(Delay):
    def push(self, keypoints, scores, time):
        keypoints[scores <= 0] = 0
        return super().push(keypoints, scores, time)


class OneBuffer(Delay):
    lookahead, buffer = 0, None

    def push(self, keypoints, scores, time):
        self.buffer = np.zeros_like(keypoints) if self.buffer is None else self.buffer
        self.buffer[:] = keypoints
        return [self.buffer]


class RemembersTheLastTrack(Delay):
    opened = 0

    def open(self):
        self.opened += 1
        track = super().open()
        track.shift = self.opened
        return track

    def push(self, keypoints, scores, time):
        return super().push(keypoints + self.shift, scores, time)


@pytest.mark.parametrize(
    'broken, words',
    [
        (LosesTheEnd, 'every pose once: 150 went in, 148 came out'),
        (RepeatsTheEnd, 'every pose once: 150 went in, 151 came out'),
        (SlowerThanItSays, 'at most lookahead = 1 poses to be held back; 2 are'),
        (Shared, 'every pose once|another is open'),
        (Backwards, 'in the order in which they went in'),
        (InNormalisedUnits, 'who stands still to stay there, in px'),
        (ScribblesOnInput, 'push to leave the arrays that it is given as they are'),
        (OneBuffer, 'poses that were given back to stay as they were'),
        (RemembersTheLastTrack, 'the same while another is open|the same answers again'),
    ],
)
def test_faults_of_smoothers_are_named(broken, words):
    check_smoother(Delay())
    with pytest.raises(AssertionError, match=words):
        check_smoother(broken())


class Lines(Exporter):
    suffix = '.lines'

    def _open(self):
        self.file = self._text_file(self.path)

    def _write(self, frame_index, time, people):
        self.file.write(f'{frame_index} {people.track_ids.tolist()}\n')


class WritesAtOnce:
    """A file of its final name from the start, and no rules."""

    def __init__(self, path, run, skeleton, video, force=False):
        if path.exists() and not force:
            raise InputError(f'{path}: exists')
        self.files, self.file = [path], open(path, 'w')

    def write(self, result):
        self.file.write(f'{result.frame.index}\n')

    def close(self):
        self.file.close()
        return self.files

    def abort(self):
        self.file.close()


class Timed(Lines):
    count = 0

    def _open(self):
        super()._open()
        Timed.count += 1
        self.file.write(f'{Timed.count}\n')


class LeavesNotes(Lines):
    def _open(self):
        super()._open()
        self.path.with_suffix('.log').write_text('opened')


class ChangesPeople(Lines):
    def _write(self, frame_index, time, people):
        people.keypoints += 1


class Overwrites(Lines):
    def __init__(self, path, run, skeleton, video, force=False):
        super().__init__(path, run, skeleton, video, True)


class KeepsWhatWasAborted(Lines):
    def abort(self):
        self.close()


class DropsWhatWasClosed(Lines):
    def abort(self):
        super().abort()
        for path in self.files:
            path.unlink()


@pytest.mark.filterwarnings('ignore::pytest.PytestUnraisableExceptionWarning')  # these leave their files open
@pytest.mark.parametrize(
    'broken, words',
    [
        (WritesAtOnce, 'files to get their names when they are whole'),
        (Timed, 'the same bytes again'),
        (LeavesNotes, r"no other files to be left behind: \['clip.log'\]"),
        (ChangesPeople, 'write to leave the people as they are'),
        (Overwrites, 'an InputError where a file exists and force is false'),
        (KeepsWhatWasAborted, r'nothing to be left behind after abort\(\)'),
        (DropsWhatWasClosed, r'abort\(\) after close\(\) to leave the files'),
    ],
)
def test_faults_of_writers_are_named(broken, words):
    check_writer(Lines)
    with pytest.raises(AssertionError, match=words):
        check_writer(broken)
