"""The links of the chain as iterators, each over the one before it.

A link pulls from its upstream only what it needs, so that memory stays bounded
by the few frames that wait inside the links however long the video is.
"""
from collections import deque
from itertools import islice
from typing import Callable, Iterable, Iterator, List, Optional, Sequence, Tuple, TypeVar

from pipeline.clock import Clock
from pipeline.detection import PersonDetector
from pipeline.estimation import PoseEstimator
from pipeline.refine import StreamRefiner
from pipeline.tracking import PoseTracker
from pipeline.types import Detections, Frame, FrameResult

Found = Tuple[Frame, Detections]
Item = TypeVar('Item')


def detect(frames: Iterable[Frame], detector: PersonDetector, clock: Clock, batch: int = 1, every: int = 1,
           predict: Optional[Callable[[float], Detections]] = None) -> Iterator[Found]:
    """Find people in every ``every``-th frame; in between ask ``predict(time)`` where they moved.

    Args:
        batch: frames that go through the detector together (only with ``every=1``:
            a prediction needs the frames before it to be tracked already).
    """
    if every == 1:
        for group in _groups(frames, batch):
            with clock('detect'):
                found = detector.detect(group)
            yield from zip(group, found)
        return
    for count, frame in enumerate(frames):
        predicted = predict(frame.time) if count % every else Detections.empty()
        if len(predicted):
            yield frame, predicted
        else:  # nobody to follow: look
            with clock('detect'):
                found = detector.detect([frame])[0]
            yield frame, found


def estimate(found: Iterable[Found], estimator: PoseEstimator, clock: Clock, batch: int = 1) -> Iterator[FrameResult]:
    """Pose all people of ``batch`` frames at once; neighbours of a frame come from the stream."""
    for group in _groups(neighbourhoods(found, estimator.frame_offsets), batch):
        with clock('pose'):
            posed = estimator.estimate([[frame for frame, _ in items] for items, _ in group],
                                       [detections for _, (_, detections) in group])
        for (_, (frame, _)), people in zip(group, posed):
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
