"""Joint and segment angles: a CSV of everybody, and for each person a motion file (``.mot``) that OpenSim opens.

``clip_angles.csv`` has one row per person and frame, from the person's first to the last: frame (from 0), time (s),
track_id, facing (right or left), then the angles in degrees and, with ``_speed`` behind their names, in degrees per
second.
``clip_id1_angles.mot`` has time and angles. What is not known (a gap in the track, a joint without a score) is an empty
field in CSV and ``nan`` in ``.mot``. Definitions and signs: docs/angles.md. The run's record is beside the CSV.
"""

import csv
from typing import List

import numpy as np

from pipeline.errors import InputError
from pipeline.formats.collected import Collected, CollectedExporter, Track
from pipeline.formats.exporter import TIME_DIGITS, rounded
from pipeline.formats.motion_file import motion_lines
from pipeline.kinematics import angles_of, angular_speed, body_angles, facing
from pipeline.kinematics.facing import SIDES
from pipeline.registry import WRITERS

_DIGITS = 3


@WRITERS.register_module(name='angles')
class AnglesExporter(CollectedExporter):
    """Writes the angles of :mod:`pipeline.kinematics.angles`.

    Args:
        facing: which way people face in the picture, ``right`` or ``left``; ``auto`` finds out frame by frame.
    """

    suffix = '_angles.csv'
    #: options of a run that it is given
    takes = ('facing',)

    def __init__(self, *arguments, facing: str = 'auto', **more):
        if facing not in SIDES:
            raise InputError(f'facing {facing!r}: must be one of {", ".join(SIDES)}')
        self._facing = SIDES[facing]
        super().__init__(*arguments, **more)

    def _save(self, poses: Collected) -> None:
        names = [angle.name for angle in angles_of(self.skeleton)]
        if not names:
            raise InputError(f'{self.path}: skeleton {self.skeleton.name!r} has no joints of which angles are known')
        file = self._text_file(self.path)
        rows = csv.writer(file, lineterminator='\n')
        rows.writerow(['frame', 'time', 'track_id', 'facing', *names, *(f'{name}_speed' for name in names)])
        for track in poses.tracks:
            self._write_track(rows, names, track, poses)

    def _write_track(self, rows, names: List[str], track: Track, poses: Collected) -> None:
        span = slice(int(track.positions[0]), int(track.positions[-1]) + 1)
        keypoints, _ = track.dense(len(poses.indices))
        keypoints, times = keypoints[span], poses.times[span]
        towards = np.full(len(times), self._facing) if self._facing else facing(self.skeleton, keypoints, times)
        angles = body_angles(self.skeleton, keypoints, towards)
        table = np.concatenate([angles, angular_speed(angles, times)], axis=1)
        for index, time, side, values in zip(
            poses.indices[span].tolist(), rounded(times, TIME_DIGITS), towards, rounded(table, _DIGITS)
        ):
            rows.writerow([index, time, track.id, 'left' if side < 0 else 'right', *values])
        path = self.person_path(track.id).with_suffix('.mot')
        with open(self._new_file(path), 'w', encoding='utf-8') as file:
            file.writelines(motion_lines(path.stem, names, times, angles))
