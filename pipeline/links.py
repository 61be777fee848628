"""The links of the chain as iterators, each over the one before it.

A link pulls from its upstream only what it needs, so that memory stays bounded
by the few frames that wait inside the links however long the video is.
"""
import math
from collections import deque
from itertools import islice
from typing import Callable, Iterable, Iterator, List, Sequence, Tuple, TypeVar

import numpy as np
import torch
from torchvision.ops import box_iou

from pipeline.clock import Clock
from pipeline.detection import PersonDetector
from pipeline.estimation import PoseEstimator
from pipeline.refine import StreamRefiner
from pipeline.tracking import PoseTracker
from pipeline.types import Detections, Frame, FrameResult

Found = Tuple[Frame, Detections]
Item = TypeVar('Item')

# Seconds in which a person whom the detector keeps missing loses half of the score. Long enough
# for a somersault in front of a tree, short enough for somebody who left.
MISSED_HALF_LIFE = 0.8
# boxes that overlap by this IoU are one person's
SAME_PERSON = 0.5


def detect(frames: Iterable[Frame], detector: PersonDetector, clock: Clock, batch: int = 1) -> Iterator[Found]:
    """Find people in every frame; ``batch`` frames go through the detector together."""
    for group in _groups(frames, batch):
        with clock('detect'):
            found = detector.detect(group)
        yield from zip(group, found)


def detect_and_follow(frames: Iterable[Frame], detector: PersonDetector, clock: Clock, every: int,
                      predict: Callable[[float], Detections]) -> Iterator[Found]:
    """Find people in every ``every``-th frame, and follow those who were there before.

    Between two looks, and beside people whom a look misses, the estimator is given
    the boxes (and keypoints) that ``predict(time)`` expects. Who is missed time and
    again loses score, see :data:`MISSED_HALF_LIFE`, until the tracker lets go.
    """
    looked = -math.inf
    for count, frame in enumerate(frames):
        carried = predict(frame.time)
        carried.carried[:] = True
        if count % every and len(carried):
            yield frame, carried
            continue
        with clock('detect'):
            found = detector.detect([frame])[0]
        carried.scores *= 0.5 ** ((frame.time - looked) / MISSED_HALF_LIFE)
        looked = frame.time
        yield frame, _join(found, carried)


def estimate(found: Iterable[Found], estimator: PoseEstimator, clock: Clock, batch: int = 1) -> Iterator[FrameResult]:
    """Pose all people of ``batch`` frames at once; neighbours of a frame come from the stream."""
    for group in _groups(neighbourhoods(found, estimator.frame_offsets), batch):
        with clock('pose'):
            posed = estimator.estimate([[frame for frame, _ in items] for items, _ in group],
                                       [detections for _, (_, detections) in group])
        for (_, (frame, detections)), people in zip(group, posed):
            people.carried = detections.carried
            yield FrameResult(frame, people)


def track(results: Iterable[FrameResult], tracker: PoseTracker, clock: Clock) -> Iterator[FrameResult]:
    """Give people their ids."""
    for result in results:
        height, width = result.frame.image.shape[:2]
        with clock('track'):
            people = tracker.update(result.people, result.frame.time, (width, height))
        yield FrameResult(result.frame, people)


def refine(results: Iterable[FrameResult], refiner: StreamRefiner, clock: Clock) -> Iterator[FrameResult]:
    """Smooth every track; frames come out late, in order, and all of them."""
    for result in results:
        with clock('refine'):
            final = refiner.push(result)
        yield from final
    with clock('refine'):
        final = refiner.flush()
    yield from final


def neighbourhoods(items: Iterable[Item], offsets: Sequence[int]) -> Iterator[Tuple[List[Item], Item]]:
    """Every item with its neighbours at ``offsets``, clamped at both ends.

    ``neighbourhoods('abc', (-1, 0, 1))`` gives ``aab``, ``abc``, ``bcc``, each with
    its middle. Holds back as many items as the largest offset.
    """
    ahead, behind = max(max(offsets), 0), max(-min(offsets), 0)
    window = deque(maxlen=behind + 1 + ahead)  # its newest item is ``newest`` in the stream
    newest = -1

    def around(centre: int):
        first = newest - len(window) + 1
        return [window[min(max(centre + offset, first), newest) - first] for offset in offsets], window[centre - first]

    for newest, item in enumerate(items):
        window.append(item)
        if newest >= ahead:
            yield around(newest - ahead)
    for centre in range(max(newest - ahead, -1) + 1, newest + 1):
        yield around(centre)


def _groups(items: Iterable[Item], size: int) -> Iterator[List[Item]]:
    iterator = iter(items)
    while group := list(islice(iterator, size)):
        yield group


def _join(found: Detections, carried: Detections) -> Detections:
    """The people found, and those carried ones who are not among them."""
    overlap = box_iou(torch.as_tensor(carried.bboxes), torch.as_tensor(found.bboxes)).numpy()
    carried = carried[~(overlap > SAME_PERSON).any(1)]
    if not len(carried) or not len(found):
        return carried if len(carried) else found
    seeds = found.keypoints is not None and carried.keypoints is not None
    return Detections(**{name: np.concatenate([getattr(found, name), getattr(carried, name)])
                         for name in ('bboxes', 'scores', 'carried')
                         + (('keypoints', 'keypoint_scores') if seeds else ())})
