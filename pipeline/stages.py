"""The stages of the chain, in the order in which a frame passes them.

A stage is an object with a ``name`` (under which its time is counted) that turns an iterator into
another. It pulls from its upstream only what it needs, so that memory stays bounded by what the
stages say they hold back, however long the video is. :mod:`pipeline.pipeline` puts them in a row.
"""

import math
from collections import deque
from dataclasses import dataclass, replace
from itertools import islice
from typing import Deque, Iterable, Iterator, List, Optional, Protocol, Sequence, Tuple, TypeVar

from pipeline.backends.threads import torch_threads
from pipeline.layouts import Arrangement
from pipeline.lift import StreamLifter
from pipeline.protocols import Detector, Estimator, PredictingTracker, Sight, Tracker
from pipeline.refine import StreamRefiner
from pipeline.skeletons import Skeleton
from pipeline.timing import Clock
from pipeline.tracking import FurtherPoints, join
from pipeline.types import Detections, Frame, FrameResult, People
from pipeline.video import prefetch

Found = Tuple[Frame, Detections]
Looked = Tuple[Frame, Optional[Detections]]
Item = TypeVar('Item')

# Seconds in which a person whom the detector keeps missing loses half of the score. Long enough
# for a somersault in front of a tree, short enough for somebody who left.
MISSED_HALF_LIFE = 0.8


class Stage(Protocol):
    """One stage of the chain.

    Attributes:
        name: what its time is counted for; None for none.
    """

    name: Optional[str]

    def __call__(self, items: Iterator, /) -> Iterator:
        """Turn what comes from upstream into what goes on."""


def connect(items: Iterable, stages: Sequence[Stage], clock: Clock) -> Iterator:
    """Put ``stages`` in a row behind ``items``; closing the result closes them all.

    Args:
        items: frames of a source, or the end of another row.
        clock: measures each stage from outside.
    """
    for stage in stages:
        items = clock.around(stage.name, stage(iter(items)))
    return iter(items)


@dataclass
class Buffer:
    """Run everything upstream in a thread of its own, up to ``size`` items ahead.

    Holds back nothing; up to ``size`` items wait in it.
    """

    size: int
    name: Optional[str] = None

    def __call__(self, items: Iterator) -> Iterator:
        return prefetch(items, size=self.size)


@dataclass
class Watch:
    """Mark every ``every``-th frame and the last one, and no other, to be analysed. Holds back one frame."""

    every: int = 1
    name: Optional[str] = None

    def __call__(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        held = None  # for it may be the last
        for count, frame in enumerate(frames):
            if held is not None:
                yield held
            held = frame if count % self.every == 0 else replace(frame, watched=False)
        if held is not None:
            yield replace(held, watched=True)


@dataclass
class Detect:
    """Look for people in every ``every``-th analysed frame; the other frames come with None.

    Holds back up to ``batch`` frames, of which those to be looked at go through the detector together.
    """

    detector: Detector
    batch: int = 1
    every: int = 1
    threads: Optional[int] = None
    name: Optional[str] = 'detect'

    def __call__(self, frames: Iterator[Frame]) -> Iterator[Looked]:
        if hasattr(self.detector, 'reset'):  # whoever remembers looks begins anew
            self.detector.reset()
        watched = 0
        for group in _groups(frames, self.batch):
            chosen = []
            for frame in group:
                if frame.watched and watched % self.every == 0:
                    chosen.append(frame)
                watched += frame.watched
            with torch_threads(self.threads):
                found = dict(zip(map(id, chosen), self.detector.detect(chosen) if chosen else ()))
            for frame in group:
                yield frame, found.get(id(frame))


class Advice:
    """What the tracker expects to see next, for :class:`Follow`, which stands before it in the chain.

    It is right only if :class:`Track` has had all frames before the one asked about, but for the ``lag``
    that the estimator between them needs: no buffer may stand there. Every answer is checked for that.
    """

    def __init__(self, tracker: PredictingTracker, lag: int = 0):
        self._tracker, self._lag = tracker, lag
        self._asked = self._updated = 0

    def predict(self, time: float) -> Detections:
        """Whom the tracker expects at ``time``, in seconds of the source.

        Raises:
            RuntimeError: if more than ``lag`` frames are under way between here and the tracker.
        """
        if self._asked - self._updated > self._lag:
            raise RuntimeError(
                f'the tracker is {self._asked - self._updated} frames behind, more than the estimator needs '
                f'({self._lag}): no buffer may stand between Follow and Track'
            )
        self._asked += 1
        return self._tracker.predict(time)

    def updated(self) -> None:
        """The tracker has had one more frame."""
        self._updated += 1


@dataclass
class Follow:
    """Follow those who were there before. Holds back nothing.

    In frames that were not looked at, and beside people whom a look missed, the
    estimator is given the boxes (and keypoints) that the tracker expects. Who is
    missed time and again loses score, see :data:`MISSED_HALF_LIFE`, until the tracker
    lets go. Where nobody is left to follow, the detector looks after all.
    """

    detector: Detector
    advice: Advice
    threads: Optional[int] = None
    name: Optional[str] = 'detect'

    def __call__(self, looked: Iterator[Looked]) -> Iterator[Found]:
        last = -math.inf
        for frame, found in looked:
            if not frame.watched:
                yield frame, Detections.empty()
                continue
            carried = self.advice.predict(frame.time)
            carried.carried[:] = True
            if found is None and len(carried):
                yield frame, carried
                continue
            if found is None:
                with torch_threads(self.threads):
                    found = self.detector.detect([frame])[0]
            carried.scores *= 0.5 ** ((frame.time - last) / MISSED_HALF_LIFE)
            last = frame.time
            yield frame, join(found, carried)


@dataclass
class Estimate:
    """Pose all people of ``batch`` frames at once; neighbours of a frame come from the stream.

    Holds back ``batch`` frames and those that the estimator looks ahead. Frames that are not
    analysed come with nobody; the estimator may see them as neighbours only.
    """

    estimator: Estimator
    batch: int = 1
    threads: Optional[int] = None
    name: Optional[str] = 'pose'

    def __call__(self, found: Iterator[Found]) -> Iterator[FrameResult]:
        for group in _groups(neighbourhoods(found, self.estimator.frame_offsets), self.batch):
            watched = [(items, detections) for items, (frame, detections) in group if frame.watched]
            with torch_threads(self.threads):
                posed = iter(self._pose(watched) if watched else ())
            for _, (frame, detections) in group:
                if not frame.watched:
                    yield FrameResult(frame, People.empty(self.estimator.skeleton.num_keypoints))
                    continue
                people = next(posed)
                people.carried, people.expected_by = detections.carried, detections.expected_by
                yield FrameResult(frame, people)

    def _pose(self, watched: Sequence[Tuple[List[Found], Detections]]) -> List[People]:
        windows = [[frame for frame, _ in items] for items, _ in watched]
        return self.estimator.estimate(windows, [detections for _, detections in watched])


@dataclass
class Tell:
    """Tell of everybody who was posed, before the tracker. Holds back nothing."""

    sight: Sight
    skeleton: Skeleton
    name: Optional[str] = None

    def __call__(self, results: Iterator[FrameResult]) -> Iterator[FrameResult]:
        for result in results:
            if result.frame.watched:
                self.sight(result, self.skeleton)
            yield result


@dataclass
class Track:
    """Give people their ids, in the frames that are analysed. Holds back nothing.

    A tracker that tells people apart by their looks has ``with_looks(people, frame) -> People``, too.
    Points of theirs that it does not know are ``further``'s.
    """

    tracker: Tracker
    advice: Optional[Advice] = None
    further: Optional[FurtherPoints] = None
    name: Optional[str] = 'track'

    def __call__(self, results: Iterator[FrameResult]) -> Iterator[FrameResult]:
        with_looks = getattr(self.tracker, 'with_looks', None)
        for result in results:
            if not result.frame.watched:
                yield result
                continue
            frame = result.frame
            people = self.further.take_off(result.people) if self.further else result.people
            people = with_looks(people, frame) if with_looks else people
            people = self.tracker.update(people, frame.time, (frame.width, frame.height))
            people = self.further.put_on(people, result.people) if self.further else people
            if self.advice is not None:
                self.advice.updated()
            yield FrameResult(frame, people)


@dataclass
class Refine:
    """Smooth every track; frames come out in order, and all of them.

    Holds back ``refiner.latency(fps)`` frames at most.
    """

    refiner: StreamRefiner
    name: Optional[str] = 'refine'

    def __call__(self, results: Iterator[FrameResult]) -> Iterator[FrameResult]:
        return self.refiner.stream(results)


@dataclass
class Lift:
    """Lift every track to 3D; frames come out in order, and all of them.

    Holds back :func:`pipeline.lift.latency` frames at most.
    """

    lifter: StreamLifter
    name: Optional[str] = 'lift'

    def __call__(self, results: Iterator[FrameResult]) -> Iterator[FrameResult]:
        return self.lifter.stream(results)


@dataclass
class Arrange:
    """Give people the points of the layout that was asked for. Holds back nothing."""

    arrangement: Arrangement
    name: Optional[str] = None

    def __call__(self, results: Iterator[FrameResult]) -> Iterator[FrameResult]:
        for result in results:
            yield FrameResult(result.frame, self.arrangement.apply(result.people))


def neighbourhoods(items: Iterable[Item], offsets: Sequence[int]) -> Iterator[Tuple[List[Item], Item]]:
    """Every item with its neighbours at ``offsets``, clamped at both ends.

    ``neighbourhoods('abc', (-1, 0, 1))`` gives ``aab``, ``abc``, ``bcc``, each with
    its middle. Holds back as many items as the largest offset.
    """
    ahead, behind = max(max(offsets), 0), max(-min(offsets), 0)
    window: Deque[Item] = deque(maxlen=behind + 1 + ahead)  # its newest item is ``newest`` in the stream
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
