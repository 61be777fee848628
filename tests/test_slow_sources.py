"""Below five frames per second: what the chain assumes of motion does not hold, so it does not assume it."""

import numpy as np
import pytest

from pipeline.pipeline import VideoPipeline
from pipeline.refine import build_refiner
from pipeline.skeletons import load_skeleton
from pipeline.tracking import PoseTracker
from pipeline.types import Detections, People
from pipeline.video import ArraySource

SKELETON = load_skeleton('coco')
SIZE = 160


class Detector:
    """Finds the bright squares; remembers in how many frames it looked."""

    def __init__(self):
        self.looks = 0

    def detect(self, frames):
        self.looks += len(frames)
        return [self._find(frame.image) for frame in frames]

    def _find(self, image):
        boxes = []
        for level in (120, 200):
            y, x = np.nonzero(image[..., 0] == level)
            boxes.append([x.min(), y.min(), x.max() + 1, y.max() + 1])
        return Detections(np.array(boxes, np.float32), np.full(len(boxes), 0.9, np.float32))


class Estimator:
    """Joints on the diagonal of the box: a carried box stays where it was, as if nobody had moved."""

    frame_offsets, skeleton = (0,), SKELETON

    def estimate(self, windows, detections):
        people = []
        for found in detections:
            share = np.linspace(0.1, 0.9, 17, dtype=np.float32)[None, :, None]
            points = found.bboxes[:, None, :2] + share * (found.bboxes[:, None, 2:] - found.bboxes[:, None, :2])
            people.append(People(found.bboxes, found.scores, points, np.full(points.shape[:2], 0.9, np.float32)))
        return people


def picture(i):
    """Two squares that jump about, each in its half."""
    image = np.zeros((SIZE, 2 * SIZE, 3), np.uint8)
    for place, level in enumerate((120, 200)):
        x, y = 20 + 12 * (i * (3 + place) % 5), 20 + 14 * (i * (2 + place) % 5)
        image[y : y + 60, SIZE * place + x : SIZE * place + x + 40] = level
    return image


def run(fps, refiner='gaussian', frames=20):
    detector = Detector()
    chain = VideoPipeline(
        detector, Estimator(), PoseTracker(SKELETON.sigmas), build_refiner(refiner, SKELETON), detect_every=3
    )
    source = ArraySource([picture(i) for i in range(frames)], fps, name='lapse')
    return list(chain.results(source)), detector


@pytest.mark.parametrize('fps', ['1/60', 0.5, 4])
def test_everybody_is_found_in_every_frame_and_keeps_the_id(fps, caplog):
    results, detector = run(fps)
    assert detector.looks == 20
    assert [r.people.track_ids.tolist() for r in results] == [[1, 2]] * 20
    for r in results:
        assert not r.people.filled.any() and np.array_equal(r.people.keypoints, r.people.keypoints_raw)
        for person, level in enumerate((120, 200)):
            x, y = r.people.keypoints[person].mean(axis=0).astype(int)
            assert r.frame.image[y, x, 0] == level
    said = [record.message for record in caplog.records]
    assert len(said) == 1 and 'lapse: ' in said[0] and 'below 5: people are looked for in every frame' in said[0]


def test_from_five_frames_per_second_on_nothing_changes(caplog):
    results, detector = run(5)
    assert detector.looks < 20 and not caplog.records
    assert any(not np.array_equal(r.people.keypoints, r.people.keypoints_raw) for r in results)
