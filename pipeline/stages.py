"""The links of the chain as iterators, each over the one before it.

A link pulls from its upstream only what it needs, so that memory stays bounded
by the few frames that wait inside the links however long the video is.
"""

import math
from collections import deque
from dataclasses import replace
from itertools import islice
from typing import Callable, Iterable, Iterator, List, Optional, Sequence, Tuple, TypeVar

from pipeline.detection import PersonDetector
from pipeline.estimation import PoseEstimator
from pipeline.refine import StreamRefiner
from pipeline.timing import Clock
from pipeline.tracking import PoseTracker, join
from pipeline.types import Detections, Frame, FrameResult, People

Found = Tuple[Frame, Detections]
Looked = Tuple[Frame, Optional[Detections]]
Item = TypeVar('Item')

# Seconds in which a person whom the detector keeps missing loses half of the score. Long enough
# for a somersault in front of a tree, short enough for somebody who left.
MISSED_HALF_LIFE = 0.8


def watch(frames: Iterable[Frame], every: int) -> Iterator[Frame]:
    """Mark every ``every``-th frame, and the last one, as watched, and no other."""
    held = None  # one frame is held back, for it may be the last
    for count, frame in enumerate(frames):
        if held is not None:
            yield held
        held = frame if count % every == 0 else replace(frame, watched=False)
    if held is not None:
        yield replace(held, watched=True)


def detect(
    frames: Iterable[Frame], detector: PersonDetector, clock: Clock, batch: int = 1, every: int = 1
) -> Iterator[Looked]:
    """Look for people in every ``every``-th watched frame; the other frames come with None.

    Of ``batch`` frames those to be looked at go through the detector together.
    """
    watched = 0
    for group in _groups(frames, batch):
        chosen = []
        for frame in group:
            if frame.watched and watched % every == 0:
                chosen.append(frame)
            watched += frame.watched
        with clock('detect'):
            found = dict(zip(map(id, chosen), detector.detect(chosen) if chosen else ()))
        for frame in group:
            yield frame, found.get(id(frame))


def follow(
    looked: Iterable[Looked], detector: PersonDetector, clock: Clock, predict: Callable[[float], Detections]
) -> Iterator[Found]:
    """Follow those who were there before.

    In frames that were not looked at, and beside people whom a look missed, the
    estimator is given the boxes (and keypoints) that ``predict(time)`` expects. Who is
    missed time and again loses score, see :data:`MISSED_HALF_LIFE`, until the tracker
    lets go. Where nobody is left to follow, the detector looks after all.
    """
    last = -math.inf
    for frame, found in looked:
        if not frame.watched:
            yield frame, Detections.empty()
            continue
        carried = predict(frame.time)
        carried.carried[:] = True
        if found is None and len(carried):
            yield frame, carried
            continue
        if found is None:
            with clock('detect'):
                found = detector.detect([frame])[0]
        carried.scores *= 0.5 ** ((frame.time - last) / MISSED_HALF_LIFE)
        last = frame.time
        yield frame, join(found, carried)


def estimate(found: Iterable[Found], estimator: PoseEstimator, clock: Clock, batch: int = 1) -> Iterator[FrameResult]:
    """Pose all people of ``batch`` frames at once; neighbours of a frame come from the stream.

    Frames that are not watched come with nobody, and the estimator may see them as neighbours only.
    """
    for group in _groups(neighbourhoods(found, estimator.frame_offsets), batch):
        watched = [(items, detections) for items, (frame, detections) in group if frame.watched]
        with clock('pose'):
            posed = iter(
                estimator.estimate(
                    [[frame for frame, _ in items] for items, _ in watched], [detections for _, detections in watched]
                )
                if watched
                else ()
            )
        for _, (frame, detections) in group:
            if not frame.watched:
                yield FrameResult(frame, People.empty(estimator.skeleton.num_keypoints))
                continue
            people = next(posed)
            people.carried = detections.carried
            yield FrameResult(frame, people)


def track(results: Iterable[FrameResult], tracker: PoseTracker, clock: Clock) -> Iterator[FrameResult]:
    """Give people their ids, in the frames that are watched."""
    for result in results:
        if not result.frame.watched:
            yield result
            continue
        with clock('track'):
            people = tracker.update(result.people, result.frame.time, (result.frame.width, result.frame.height))
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
