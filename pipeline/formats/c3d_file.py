"""C3D, the binary files of motion capture (Mokka, Visual3D, OpenSim, Nexus): one per person, by ezc3d.

``clip.c3d`` becomes ``clip_id1.c3d`` … As in TRC, x points right and y up from the centre of the lower left pixel, z
is 0, units are ``px``, or ``m`` when a scale is given. A joint without a score, and a frame between two appearances of
the person, have residual -1, which is C3D's sign for a marker that was not seen. Numbers are float32. The run's record
is beside them in ``clip.c3d.run.json``.
"""

from pathlib import Path
from typing import Optional

import numpy as np

from pipeline.files import Force, check_writable
from pipeline.formats.collected import Collected, CollectedExporter, Track
from pipeline.formats.run_info import RunInfo
from pipeline.kinematics.metres import MetreOptions, MetreScale
from pipeline.registry import WRITERS
from pipeline.skeletons import Skeleton
from pipeline.types import People, VideoInfo


@WRITERS.register_module(name='c3d')
class C3dExporter(CollectedExporter):
    """Writes one file a person, from the first frame to the last one in which the person is."""

    suffix = '.c3d'
    packages = ('ezc3d',)
    takes = ('metres',)

    def __init__(
        self,
        path: Path,
        run: RunInfo,
        skeleton: Skeleton,
        video: VideoInfo,
        force: Force = False,
        metres: Optional[MetreOptions] = None,
    ):
        """
        Args:
            metres: how pixels become metres; None leaves them.

        Raises:
            InputError: as :class:`Exporter`, or if ``metres`` says nothing.
        """
        self._scale = MetreScale(metres, skeleton, video.height) if metres else None
        super().__init__(path, run, skeleton, video, force)

    def person_path(self, track_id: int) -> Path:
        """The file of one person."""
        return self.path.with_name(f'{self.path.stem}_id{track_id}{self.path.suffix or ".c3d"}')

    def _write(self, frame_index: int, time: float, people: People) -> None:
        if self._scale:
            self._scale.add(people)
        for track_id in people.track_ids.tolist():
            if track_id >= 1 and track_id not in self._rows:
                check_writable(self.person_path(track_id), self.force)
        super()._write(frame_index, time, people)

    def _save(self, poses: Collected) -> None:
        for track in poses.tracks:
            self._save_person(track, int(poses.indices[track.positions[0]]))

    def _save_person(self, track: Track, first_frame: int) -> None:
        import ezc3d

        count = int(track.positions[-1] - track.positions[0]) + 1
        at = track.positions - track.positions[0]
        points = np.full((4, self.skeleton.num_keypoints, count), np.nan)
        xy = track.keypoints.astype(np.float64)
        xy = self._scale.plane(track.id).metres(xy) if self._scale else xy * [1, -1] + [0, self.video.height - 1]
        points[:2, :, at] = xy.transpose(2, 1, 0)
        points[2] = np.where(np.isnan(points[0]), np.nan, 0.0)
        points[3] = 1
        file = ezc3d.c3d()
        parameters = file['parameters']
        parameters['POINT']['UNITS']['value'] = ['m' if self._scale else 'px']
        parameters['POINT']['RATE']['value'] = [float(self.video.fps)]
        parameters['POINT']['LABELS']['value'] = list(self.skeleton.names)
        parameters['POINT']['DESCRIPTIONS']['value'] = list(self.skeleton.names)
        file['header']['points']['first_frame'] = first_frame
        file['data']['points'] = points
        file['data']['meta_points']['residuals'] = np.where(np.isnan(points[0]), -1.0, 0.0)[None]
        file.write(self._new_file(self.person_path(track.id)))
