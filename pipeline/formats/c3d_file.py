"""C3D, the binary files of motion capture (Mokka, Visual3D, OpenSim, Nexus): one per person, by ezc3d.

``clip.c3d`` becomes ``clip_id1.c3d`` … As in TRC, x points right and y up from the centre of the lower left pixel, z
is 0, units are ``px``, or ``m`` when a scale is given; of a run that lifts (``--3d``) markers are in space, in metres,
z towards the camera, the floor at y = 0. A joint without a score, and a frame between two appearances of the person,
have residual -1, which is C3D's sign for a marker that was not seen. Numbers are float32. The run's record is beside
them in ``clip.c3d.run.json``.
"""

from typing import Dict, List

import numpy as np

from pipeline.formats.collected import Collected, CollectedExporter, Track
from pipeline.formats.markers import MarkerExporter
from pipeline.formats.upright import room_of
from pipeline.registry import WRITERS
from pipeline.types import People


@WRITERS.register_module(name='c3d')
class C3dExporter(MarkerExporter, CollectedExporter):
    """Writes one file a person, from the first frame to the last one in which the person is."""

    suffix = '.c3d'
    packages = ('ezc3d',)
    one_a_person = True

    def _open(self) -> None:
        super()._open()
        self._joints: Dict[int, List[np.ndarray]] = {}  # (K, 3) m in the camera's frame, by track id

    def _write(self, frame_index: int, time: float, people: People) -> None:
        super()._write(frame_index, time, people)
        if self._scale:
            self._scale.add(people)
        if self._in_space and people.keypoints_3d is not None:
            for track_id, joints in zip(people.track_ids.tolist(), people.keypoints_3d):
                self._joints.setdefault(track_id, []).append(joints)

    def _save(self, poses: Collected) -> None:
        joints = {track.id: np.stack(self._joints[track.id]) for track in poses.tracks} if self._in_space else {}
        room = room_of(sorted(joints.values(), key=len, reverse=True), self.skeleton.names)
        for track in poses.tracks:
            markers = room.place(joints[track.id]) if self._in_space else self._in_picture(track)
            self._save_person(track, markers, int(poses.indices[track.positions[0]]))

    def _in_picture(self, track: Track) -> np.ndarray:
        """``(S, K, 3)``, y up, NaN where a joint has no score."""
        x, y = np.moveaxis(self._plane(track.id).metres(track.keypoints), -1, 0)
        return np.stack([x, y, np.where(np.isnan(x), np.nan, 0.0)], axis=-1)

    def _save_person(self, track: Track, markers: np.ndarray, first_frame: int) -> None:
        import ezc3d

        count = int(track.positions[-1] - track.positions[0]) + 1
        at = track.positions - track.positions[0]
        points = np.full((4, self.skeleton.num_keypoints, count), np.nan)
        points[:3, :, at] = markers.T
        points[3] = 1
        file = ezc3d.c3d()
        parameters = file['parameters']
        parameters['POINT']['UNITS']['value'] = [self._units]
        parameters['POINT']['RATE']['value'] = [float(self.video.fps)]
        parameters['POINT']['LABELS']['value'] = list(self.skeleton.names)
        parameters['POINT']['DESCRIPTIONS']['value'] = list(self.skeleton.names)
        file['header']['points']['first_frame'] = first_frame
        file['data']['points'] = points
        file['data']['meta_points']['residuals'] = np.where(np.isnan(points[0]), -1.0, 0.0)[None]
        file.write(self._new_file(self.person_path(track.id)))
