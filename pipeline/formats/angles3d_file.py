"""Joint angles in space, by ``--3d``: for each person a motion file (``.mot``) that OpenSim opens.

``clip.mot`` becomes ``clip_id1_angles3d.mot`` … with time and angles in degrees (:mod:`pipeline.kinematics.spatial`),
from the person's first frame to the last; ``nan`` where the person is missing. The run's record is beside them.
"""

from typing import List

import numpy as np

from pipeline.formats.in_space import SpaceExporter, SpaceTrack
from pipeline.formats.motion_file import motion_lines
from pipeline.formats.upright import Room
from pipeline.kinematics.spatial import spatial_angles
from pipeline.registry import WRITERS


@WRITERS.register_module(name='angles3d')
class Angles3dExporter(SpaceExporter):
    """Writes one file a person."""

    suffix = '_angles3d.mot'
    what = '--angles3d'
    one_a_person = True

    def _save(self, tracks: List[SpaceTrack], room: Room) -> None:
        times = self._times
        for track in tracks:
            angles = spatial_angles(track.joints, self.skeleton.names)
            span = slice(int(track.positions[0]), int(track.positions[-1]) + 1)
            table = np.full((len(times[span]), len(angles)), np.nan)
            table[track.positions - span.start] = np.stack(list(angles.values()), axis=1)
            path = self.person_path(track.id)
            with open(self._new_file(path), 'w', encoding='utf-8', newline='\n') as file:
                file.writelines(motion_lines(path.stem, angles, times[span], table))
