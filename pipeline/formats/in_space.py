"""Exporters of 3D: they collect the tracks of a video, and write them in a room with y up and the floor at 0."""

from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Tuple

import numpy as np

from pipeline.errors import InputError
from pipeline.files import Force, check_writable
from pipeline.formats.exporter import Exporter
from pipeline.formats.run_info import RunInfo
from pipeline.formats.upright import Room, room_of
from pipeline.skeletons import Skeleton
from pipeline.types import People, VideoInfo


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


class SpaceExporter(Exporter):
    """Collects tracks in memory, 12 bytes a joint, and saves them at the end (:meth:`_save`).

    A person whose track is shorter than three frames is left out.
    """

    what = ''  # the option, for messages
    in_all = False
    one_a_person = False

    def __init__(self, path: Path, run: RunInfo, skeleton: Skeleton, video: VideoInfo, force: Force = False):
        """
        Raises:
            InputError: as :class:`Exporter`, or if the run does not lift.
        """
        if not run.options.get('three_d'):
            raise InputError(f'{self.what}: has bones in space; it needs --3d')
        self._rows: Dict[int, List[Tuple[int, np.ndarray]]] = {}
        self._times: List[float] = []
        super().__init__(path, run, skeleton, video, force)

    def person_path(self, track_id: int) -> Path:
        """The file of one person, of formats that have one for each."""
        return self.path.with_name(f'{self.path.stem}_id{track_id}{self.path.suffix or self.suffix}')

    def _open(self) -> None:
        self._record_run()

    def _write(self, frame_index: int, time: float, people: People) -> None:
        position = len(self._times)
        self._times.append(time)
        if people.keypoints_3d is None:
            return
        for track_id, joints in zip(people.track_ids.tolist(), people.keypoints_3d):
            if track_id >= 1 and np.isfinite(joints).any():
                if self.one_a_person and track_id not in self._rows:
                    check_writable(self.person_path(track_id), self.force)
                self._rows.setdefault(track_id, []).append((position, joints))

    def _finish(self) -> None:
        tracks = []
        for track_id in sorted(self._rows):
            positions, joints = map(np.array, zip(*self._rows.pop(track_id)))
            if len(positions) > 2:
                tracks.append(SpaceTrack(track_id, positions, joints))
        longest = sorted(tracks, key=lambda track: -len(track.positions))
        room = room_of([track.joints for track in longest], self.skeleton.names)
        self._save([SpaceTrack(t.id, t.positions, room.place(t.joints)) for t in tracks], room)

    def _save(self, tracks: List[SpaceTrack], room: Room) -> None:
        """Write the file, or several; their names come from :meth:`_named`."""
        raise NotImplementedError

    def _named(self, path: Path) -> Path:
        """An empty file that will be named ``path``."""
        return self._outputs.add(path, brief=True)
