"""Poses from a file, corrected by hand and refined: as a chain for :func:`pipeline.run.run_video`."""

from dataclasses import dataclass, replace
from typing import Dict, Generator, Iterator, List, Optional, Sequence

import numpy as np

from pipeline.corrections import Correction, Table, apply, refined_around, to_json
from pipeline.corrections.apply import corrected_rows
from pipeline.corrections.keyposes import through_keys
from pipeline.errors import InputError
from pipeline.formats import read_poses_json
from pipeline.formats.found_poses import FoundPoses
from pipeline.options import RefineOptions
from pipeline.protocols import Sight
from pipeline.refine_file.chain import FileChain, Show, refine_sequence
from pipeline.refine_file.source import PoseSource
from pipeline.stages import Stage, Tell, connect
from pipeline.timing import Clock
from pipeline.types import Frame, FrameResult, People
from pipeline.video import VideoSource

OURS = 'poses of this program'  # the layout of files that have the poses before and after the refiner


class CorrectedChain(FileChain):
    """A :class:`FileChain` whose people are corrected by hand.

    Args:
        found: poses of a video's frames, with ids.
        corrections: in their order.
        place: what messages call them.
        anew: refine everything by ``options.refiner``. Else poses that this program wrote are refined by the refiner
            that they had, and only around corrections; all other numbers stay.

    Raises:
        InputError: if a correction does not fit, or the refiner does not fit the joints.
    """

    def __init__(
        self, found: FoundPoses, options: RefineOptions, corrections: Sequence[Correction], place: str, anew: bool
    ):
        super().__init__(found, options)
        keeps = found.layout == OURS and not anew and not options.track
        people = _around(found, corrections, place) if keeps else _anew(found, options, corrections, place)
        self._people = {index - options.first_frame: here for index, here in people.items()}
        self.options['corrections'] = [to_json(entry) for entry in corrections]

    def results(
        self, source: VideoSource, clock: Optional[Clock] = None, sight: Optional[Sight] = None
    ) -> Generator[FrameResult, None, None]:
        """The source's frames with their corrected people; ``sight`` is told of everybody in the file."""
        clock = clock or Clock()
        seen = [Show(self._found, Tell(sight, self.skeleton))] if sight else []
        stages: List[Stage] = [_Put(self._people, self.skeleton.num_keypoints), *seen]
        yield from connect(clock.around('decode', source), stages, clock)


def _around(found: FoundPoses, corrections: Sequence[Correction], place: str) -> Dict[int, People]:
    table = refined_around(Table.of(read_poses_json(found.path)), corrections, place=place)
    return dict(zip(table.frames.tolist(), table.people()))


def _anew(
    found: FoundPoses, options: RefineOptions, corrections: Sequence[Correction], place: str
) -> Dict[int, People]:
    if not found.tracked:
        raise InputError(f'{place}: {found.path} has no ids, and so nobody who could be corrected')
    options, nobody = replace(options, first_frame=0, track=False), People.empty(found.skeleton.num_keypoints)
    times = np.array([frame.time for frame in PoseSource(found, options)])
    frames = np.arange(len(times))

    def table_of(people: Dict[int, People]) -> Table:
        return Table.from_people(found.skeleton, frames, times, [people.get(i, nobody) for i in range(len(times))])

    table = table_of(found.people)
    state = apply(table, corrections, place)
    raw = dict(enumerate(corrected_rows(table, state).people()))
    wanted = {index: replace(raw[index], keypoints=raw[index].keypoints_raw) for index in found.people}
    refined = table_of(refine_sequence(replace(found, people=wanted), options).people)
    # who was deleted for a moment is not to be bridged there
    gone = {(int(at), -int(person)) for at, person in zip(table.position, state.ids) if person < 0}
    stays = [(int(at), int(person)) not in gone for at, person in zip(refined.position, refined.track_ids)]
    refined = through_keys(table, refined.rows(np.flatnonzero(stays)), state)
    return dict(zip(frames.tolist(), refined.people()))


@dataclass
class _Put:
    """Puts people onto the frames of a source. Holds back nothing."""

    people: Dict[int, People]
    count: int
    name: Optional[str] = None

    def __call__(self, frames: Iterator[Frame]) -> Iterator[FrameResult]:
        nobody = People.empty(self.count)
        for frame in frames:
            yield FrameResult(frame, self.people.get(frame.index, nobody))
