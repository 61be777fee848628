"""The chain from a file of poses on: tracker where ids are missing, refiner, and the file's joints again."""

import logging
from dataclasses import asdict, dataclass, replace
from typing import Any, Dict, Generator, Iterator, List, Optional

import numpy as np

from pipeline.formats.found_poses import FoundPoses
from pipeline.options import RefineOptions
from pipeline.protocols import Sight
from pipeline.refine.filters import NoSmoother
from pipeline.refine_file.fitted import FittedRefiner, fit_refiner
from pipeline.refine_file.sequence import bridged, counted_from, stride_of, with_ids
from pipeline.refine_file.source import PoseSource
from pipeline.stages import Refine, Stage, Tell, connect
from pipeline.timing import Clock
from pipeline.tracking.options import SLOWEST_RATE
from pipeline.types import Frame, FrameResult, People
from pipeline.video import VideoSource

logger = logging.getLogger(__name__)


def refine_sequence(found: FoundPoses, options: RefineOptions = RefineOptions()) -> FoundPoses:  # noqa: B008, frozen
    """Track people who have no ids, and refine them; nothing is drawn or written.

    Args:
        found: as a reader made it, or corrected since.

    Returns:
        The same with ids, refined ``keypoints``, the file's own as ``keypoints_raw``, and gaps filled in.

    Raises:
        InputError: if the refiner does not fit the joints, or the picture's size is needed and not known.
    """
    chain = FileChain(found, options)
    source = PoseSource(found, options)
    people = {result.frame.index: result.people for result in chain.results(source)}
    return replace(found, people=people)


class FileChain:
    """What :func:`pipeline.run.run_video` needs of a chain, for poses from a file.

    Args:
        found: poses of a video's frames.

    Attributes:
        notes: what to know of how they are refined, one line each.

    Raises:
        InputError: if the refiner does not fit the joints.
    """

    looks_back = False

    def __init__(self, found: FoundPoses, options: RefineOptions):
        self._found, self._options = counted_from(found, options.first_frame), options
        self.skeleton = found.skeleton
        self._joints = fit_refiner(found.skeleton, options)
        self.notes: List[str] = []
        if self._joints.note:
            self.notes.append(self._joints.note)
        if options.track or not found.tracked:
            self.notes.append('people get ids by their poses' if options.track else f'{found.untracked}: by poses')
        self.options: Dict[str, Any] = dict(
            asdict(options),
            poses=str(found.path),
            layout=found.layout,
            refiner=self._joints.refiner.record or options.refiner,
        )

    def results(
        self, source: VideoSource, clock: Optional[Clock] = None, sight: Optional[Sight] = None
    ) -> Generator[FrameResult, None, None]:
        """The source's frames with their refined people; poses of frames that it does not have are passed over.

        ``sight`` is told of everybody in the file, those too whom the tracker drops.
        """
        clock = clock or Clock()
        fps, size = source.info.fps, (source.info.width, source.info.height)
        found = self._found
        if self._options.track or not found.tracked:
            found = with_ids(found, self._options.scene, fps, size)
        found = bridged(found)
        slow = fps / stride_of(found) < SLOWEST_RATE
        if slow:
            logger.warning('%s: below %s poses per second, which are not smoothed', found.path, SLOWEST_RATE)
        refiner = self._joints.refiner
        fresh = refiner.anew(NoSmoother() if slow else None)
        seen = [_Show(self._found, Tell(sight, self.skeleton))] if sight else []
        stages: List[Stage] = [_Place(found, self._joints), *seen, Refine(fresh), _Restrict(self._joints)]
        yield from connect(clock.around('decode', source), stages, clock)


@dataclass
class _Place:
    """Puts the people of the file onto the frames of a source. Holds back nothing."""

    found: FoundPoses
    joints: FittedRefiner
    name: Optional[str] = None

    def __call__(self, frames: Iterator[Frame]) -> Iterator[FrameResult]:
        known = sorted(self.found.people)
        first, last, stride = known[0], known[-1], stride_of(self.found)
        nobody = People.empty(self.joints.count)
        for frame in frames:
            # a tool that looked at every n-th frame says nothing of those between
            looked = not first < frame.index < last or (frame.index - first) % stride == 0
            people = self.found.people.get(frame.index)
            placed = nobody if people is None or not len(people) else self._spread(people)
            yield FrameResult(frame if looked else replace(frame, watched=False), placed)

    def _spread(self, people: People) -> People:
        points = np.repeat(people.keypoints.mean(axis=1, keepdims=True), self.joints.count, axis=1)
        scores = np.zeros(points.shape[:2], np.float32)
        points[:, self.joints.rows], scores[:, self.joints.rows] = people.keypoints, people.keypoint_scores
        return replace(people, keypoints=points, keypoints_raw=points, keypoint_scores=scores)


@dataclass
class _Show:
    """Tells of the people of the file as they are in it. Holds back nothing."""

    found: FoundPoses
    tell: Tell
    name: Optional[str] = None

    def __call__(self, results: Iterator[FrameResult]) -> Iterator[FrameResult]:
        for result in results:
            people = self.found.people.get(result.frame.index)
            if people is not None and len(people):
                for _ in self.tell(iter([FrameResult(result.frame, people)])):
                    pass
            yield result


@dataclass
class _Restrict:
    """Leaves the joints that the file has. Holds back nothing."""

    joints: FittedRefiner
    name: Optional[str] = None

    def __call__(self, results: Iterator[FrameResult]) -> Iterator[FrameResult]:
        rows = self.joints.rows
        for result in results:
            people = result.people
            sigmas = people.keypoint_sigmas
            yield replace(
                result,
                people=replace(
                    people,
                    keypoints=people.keypoints[:, rows],
                    keypoints_raw=people.keypoints_raw[:, rows],
                    keypoint_scores=people.keypoint_scores[:, rows],
                    keypoint_sigmas=None if sigmas is None else sigmas[:, rows],
                ),
            )
