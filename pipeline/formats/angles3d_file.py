"""Joint angles in space, by ``--3d``: for each person a motion file (``.mot``) that OpenSim opens.

``clip.mot`` becomes ``clip_id1_angles3d.mot`` … with time and angles in degrees (:mod:`pipeline.kinematics.spatial`),
from the person's first frame to the last; ``nan`` where the person is missing. The run's record is beside them.
"""

from pathlib import Path
from typing import List

import numpy as np

from pipeline.formats.exporter import TIME_DIGITS
from pipeline.formats.in_space import SpaceExporter, SpaceTrack
from pipeline.formats.upright import Room
from pipeline.kinematics.spatial import spatial_angles
from pipeline.registry import WRITERS


@WRITERS.register_module(name='angles3d')
class Angles3dExporter(SpaceExporter):
    """Writes one file a person."""

    suffix = '_angles3d.mot'
    what = '--angles3d'
    one_a_person = True

    def person_path(self, track_id: int) -> Path:
        stem = self.path.name.removesuffix(self.suffix)
        return self.path.with_name(f'{stem}_id{track_id}{self.suffix}')

    def _save(self, tracks: List[SpaceTrack], room: Room) -> None:
        for track in tracks:
            angles = spatial_angles(track.joints, self.skeleton.names)
            span = range(int(track.positions[0]), int(track.positions[-1]) + 1)
            table = np.full((len(span), len(angles)), np.nan)
            table[track.positions - track.positions[0]] = np.stack(list(angles.values()), axis=1)
            path = self.person_path(track.id)
            with open(self._named(path), 'w', encoding='utf-8', newline='\n') as file:
                file.write(f'{path.stem}\nversion=1\nnRows={len(span)}\nnColumns={len(angles) + 1}\ninDegrees=yes\n')
                file.write('endheader\n' + '\t'.join(['time', *angles]) + '\n')
                for position, row in zip(span, table):
                    values = '\t'.join('nan' if np.isnan(value) else f'{value + 0.0:.3f}' for value in row)
                    file.write(f'{self._times[position]:.{TIME_DIGITS}f}\t{values}\n')
