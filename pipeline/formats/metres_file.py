"""CSV in metres and metres per second: one row per frame, person and joint.

Columns: frame (from 0), time (s), track_id, joint, x, y (m), vx, vy, speed (m/s), score (0..1). x points right, or
along the floor line; y up. Where from, and which plane is meant: docs/metres.md. The middle of the hips comes as a
joint of its own, ``hip_center``, whose speed is that of the body. Speeds are differences of the frames on both sides,
empty at the ends of a track and beside gaps. The run's record is beside it in ``NAME.run.json``.
"""

import csv
from typing import Optional

import numpy as np

from pipeline.formats.collected import Collected, CollectedExporter, Track
from pipeline.formats.csv_file import text_cell
from pipeline.formats.exporter import SCORE_DIGITS, TIME_DIGITS, rounded
from pipeline.kinematics.metres import MetreOptions, MetreScale
from pipeline.kinematics.points import members, place
from pipeline.registry import WRITERS
from pipeline.types import People

COLUMNS = ('frame', 'time', 'track_id', 'joint', 'x', 'y', 'vx', 'vy', 'speed', 'score')
_DIGITS = 4


@WRITERS.register_module(name='metres')
class MetresExporter(CollectedExporter):
    """Writes positions and velocities.

    Args:
        metres: how pixels become metres.
    """

    suffix = '_metres.csv'
    takes = ('metres',)
    in_all = False

    def __init__(self, path, run, skeleton, video, force=False, metres: Optional[MetreOptions] = None):
        self._scale = MetreScale(metres or MetreOptions(), skeleton, video.height)
        super().__init__(path, run, skeleton, video, force)

    def _write(self, frame_index: int, time: float, people: People) -> None:
        self._scale.add(people)
        super()._write(frame_index, time, people)

    def _save(self, poses: Collected) -> None:
        rows = csv.writer(self._text_file(self.path), lineterminator='\n')
        rows.writerow(COLUMNS)
        for track in poses.tracks:
            self._write_track(rows, track, poses)

    def _write_track(self, rows, track: Track, poses: Collected) -> None:
        keypoints, scores = track.dense(len(poses.indices))
        names = [text_cell(name) for name in self.skeleton.names]
        hips = members(self.skeleton, 'mid_hip')
        if hips:
            keypoints = np.concatenate([keypoints, place(self.skeleton, keypoints, 'mid_hip')[:, None]], axis=1)
            scores = np.concatenate([scores, scores[:, list(hips)].min(axis=1, keepdims=True)], axis=1)
            names.append('hip_center')
        places = self._scale.plane(track.id).metres(keypoints)
        velocity = np.full(places.shape, np.nan)
        velocity[1:-1] = (places[2:] - places[:-2]) / (poses.times[2:] - poses.times[:-2])[:, None, None]
        velocity[~np.isfinite(places)] = np.nan
        speed = np.linalg.norm(velocity, axis=2, keepdims=True)
        table = rounded(np.concatenate([places, velocity, speed], axis=2)[track.positions], _DIGITS)
        for position, row, sure in zip(track.positions.tolist(), table, rounded(scores[track.positions], SCORE_DIGITS)):
            moment = int(poses.indices[position]), rounded(poses.times[position], TIME_DIGITS), track.id
            rows.writerows([(*moment, name, *values, score) for name, values, score in zip(names, row, sure)])
