"""How often a chain looks for people: in frames or in seconds of the source."""

from fractions import Fraction

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.options import ChainOptions, check, every_frames
from pipeline.pipeline import VideoPipeline
from pipeline.refine import build_refiner
from pipeline.skeletons import load_skeleton
from pipeline.tracking import PoseTracker
from pipeline.types import Detections, People
from pipeline.video import ArraySource

SKELETON = load_skeleton('coco')


class Detector:
    """Finds one person, and remembers which frames it was shown."""

    def __init__(self):
        self.looked = []

    def detect(self, frames):
        self.looked += [frame.index for frame in frames]
        return [Detections(np.array([[8, 4, 40, 44]], np.float32), np.ones(1, np.float32)) for _ in frames]


class Estimator:
    """The same pose for everyone."""

    frame_offsets, skeleton = (0,), SKELETON

    def estimate(self, windows, detections):
        pose = np.tile(np.linspace(6, 42, 17, dtype=np.float32)[:, None], (1, 2))
        return [
            People(found.bboxes, found.scores, np.tile(pose, (len(found), 1, 1)), np.ones((len(found), 17), np.float32))
            for found in detections
        ]


@pytest.mark.parametrize(
    'detect_every, fps, looked',
    [
        (6, 30, [0, 6, 12, 18]),
        ('0.2s', 30, [0, 6, 12, 18]),
        ('0.2s', 60, [0, 12]),
        ('0.2s', 10, list(range(0, 24, 2))),
        ('0.2s', Fraction(5), list(range(24))),
        ('0.2s', 1, list(range(24))),
    ],
)
def test_looks_come_at_their_time_whatever_the_rate(detect_every, fps, looked):
    chain = VideoPipeline(
        Detector(),
        Estimator(),
        PoseTracker(SKELETON.sigmas),
        build_refiner('none', SKELETON),
        detect_every=detect_every,
    )
    pictures = [np.full((48, 64, 3), 9, np.uint8)] * 24
    assert [len(result.people) for result in chain.results(ArraySource(pictures, fps=fps))] == [1] * 24
    assert sorted(set(chain.detector.looked)) == looked


@pytest.mark.parametrize('value', [0, '0s', '-1s', 's', 'infs', 'nans', 'fast', '3', True])
def test_other_values_are_refused(value):
    with pytest.raises(InputError, match='detect-every.*frames from 1 up, or seconds as 0.2s'):
        check(ChainOptions(detect_every=value))


def test_a_moment_is_at_least_a_frame():
    assert every_frames('0.001s', 25) == 1 and every_frames('1s', Fraction(30000, 1001)) == 30
