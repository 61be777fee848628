"""Exporters of 3D: they collect the tracks of a video, and write them in a room with y up and the floor at 0."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, List, Mapping, Tuple

import numpy as np

from pipeline.errors import InputError
from pipeline.files import Force
from pipeline.formats.collected import TrackExporter
from pipeline.formats.run_info import RunInfo
from pipeline.formats.upright import Room, room_of
from pipeline.skeletons import Skeleton
from pipeline.types import People, VideoInfo

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SpaceTrack:
    """One person.

    Attributes:
        id: from 1 up.
        positions: ``(S,)`` int64, frames in which the person is, counted from the first of the run.
        joints: ``(S, K, 3)`` m in the room: x right, y up, z towards the camera.
    """

    id: int
    positions: np.ndarray
    joints: np.ndarray


class SpaceExporter(TrackExporter):
    """Collects tracks in memory, 12 bytes a joint, and saves them at the end (:meth:`_save`).

    A person whose track is shorter than three frames is left out; with nobody left there is
    only the run's record, which is said.
    """

    what = ''  # the option, for messages
    in_all = 'three_d'

    def __init__(self, path: Path, run: RunInfo, skeleton: Skeleton, video: VideoInfo, force: Force = False):
        """
        Raises:
            InputError: as :class:`Exporter`, or if the run does not lift.
        """
        self.check_run(run.options)
        super().__init__(path, run, skeleton, video, force)

    @classmethod
    def check_run(cls, options: Mapping[str, Any]) -> None:
        """Raise :class:`InputError` if a chain of these options does not lift."""
        if not options.get('three_d'):
            raise InputError(f'{cls.what}: has bones in space; only smooth-poses --3d finds them')

    @property
    def _times(self) -> np.ndarray:
        """``(T,)`` s of the frames of the run."""
        return np.array([time for _, time in self._frames], np.float64)

    def _kept(self, people: People, i: int) -> Tuple[np.ndarray, ...]:
        if people.keypoints_3d is None or not np.isfinite(people.keypoints_3d[i]).any():
            return ()
        return (people.keypoints_3d[i],)

    def _finish(self) -> None:
        tracks = [SpaceTrack(*track) for track in self._tracks()]
        tracks = [track for track in tracks if len(track.positions) > 2]
        if not tracks:
            logger.warning('%s: is not made: nobody was lifted in three frames or more', self.path)
        longest = sorted(tracks, key=lambda track: -len(track.positions))
        room = room_of([track.joints for track in longest], self.skeleton.names)
        self._save([SpaceTrack(t.id, t.positions, room.place(t.joints)) for t in tracks], room)

    def _save(self, tracks: List[SpaceTrack], room: Room) -> None:
        """Write the file, or several, whose names come from :meth:`_new_file`."""
        raise NotImplementedError
