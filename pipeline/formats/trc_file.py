"""TRC, the marker files of OpenSim, Pose2Sim and motion capture systems: one per person.

``clip.trc`` becomes ``clip_id1.trc``, ``clip_id2.trc`` … for the people with a track
id. x points right and y up, both from the centre of the lower left pixel, z is 0.
Units are ``px``, or ``m`` when a scale is given: what is drawn from one camera has no
metres of its own, and OpenSim rightly refuses to fit a model to pixels. Of a run that lifts
(``--3d``) the markers are in space, in metres: x right, y up, z towards the camera, the floor at 0
(:mod:`pipeline.formats.upright`). Frames count
from 0. A joint without a score, and a frame between two appearances of the person, are
blank, which OpenSim reads as NaN. Every line ends in a tab, as OpenSim writes it,
without which it does not read a line whose last marker is blank. The run's record is
beside them in ``clip.trc.run.json``.
"""

import math
import tempfile
from typing import Callable, Dict, Iterator, List, Tuple

import numpy as np

from pipeline.files import check_writable
from pipeline.formats.exporter import TIME_DIGITS
from pipeline.formats.markers import MarkerExporter
from pipeline.formats.upright import room_of
from pipeline.registry import WRITERS
from pipeline.types import People

_MOMENT = np.dtype([('frame', '<i8'), ('time', '<f8')])
_BUFFERED_POSES = 4096  # of all people together; then they go to disk


@WRITERS.register_module(name='trc')
class TrcExporter(MarkerExporter):
    """Spools poses to disk per person, because a TRC file states the number of its frames first."""

    suffix = '.trc'

    def _open(self) -> None:
        self._record_run()
        self._pose = np.dtype([('position', '<i8'), ('xyz', '<f8', (self.skeleton.num_keypoints, 3))])
        self._poses: Dict[int, List[np.ndarray]] = {}  # not on disk yet, by track id
        self._runs: Dict[int, List[Tuple[int, int]]] = {}  # on disk: where poses in a row begin, and how many
        self._num_buffered = self._num_frames = 0
        # files without a name: nothing has to be removed, whatever happens
        self._moments, self._spooled = (
            self._stack.enter_context(tempfile.TemporaryFile(dir=self.path.parent)) for _ in range(2)
        )

    def _write(self, frame_index: int, time: float, people: People) -> None:
        self._moments.write(np.array([(frame_index, time)], _MOMENT).tobytes())
        position, self._num_frames = self._num_frames, self._num_frames + 1
        for track_id, pose in zip(people.track_ids.tolist(), self._markers(people)):
            if track_id < 1:
                continue
            if track_id not in self._poses:
                check_writable(self.person_path(track_id), self.force)
            self._poses.setdefault(track_id, []).append(np.array([(position, pose)], self._pose))
            self._num_buffered += 1
        if self._num_buffered >= _BUFFERED_POSES:
            self._spool()

    def _markers(self, people: People) -> np.ndarray:
        """``(P, K, 3)``: in the picture, or in the camera's frame until the room is known."""
        if self._in_space and people.keypoints_3d is not None:
            return people.keypoints_3d.astype(np.float64)
        if self._scale:
            self._scale.add(people)
        xyz = np.zeros((*people.keypoints.shape[:2], 3))
        xyz[..., :2] = people.keypoints
        xyz[people.keypoint_scores <= 0] = np.nan
        return xyz

    def _room(self, poses: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """What puts markers where the file has them."""
        longest = max(self._runs.values(), key=lambda runs: sum(count for _, count in runs))
        tracks = [longest, *(runs for runs in self._runs.values() if runs is not longest)]
        # a footprint of every few frames says what the floor needs
        step = max(len(poses) // 20_000, 1)
        return room_of(
            [np.concatenate([poses[b : b + n : step]['xyz'] for b, n in runs]) for runs in tracks], self.skeleton.names
        ).place

    def _spool(self) -> None:
        for track_id, poses in self._poses.items():
            if poses:
                begin = self._spooled.tell() // self._pose.itemsize
                self._spooled.write(b''.join(pose.tobytes() for pose in poses))
                self._runs.setdefault(track_id, []).append((begin, len(poses)))
                poses.clear()
        self._num_buffered = 0

    def _finish(self) -> None:
        self._spool()
        self._moments.flush()
        self._spooled.flush()
        if not self._runs:
            return
        # mapped, not read: a long track need not fit into memory
        moments, poses = np.memmap(self._moments, _MOMENT, 'r'), np.memmap(self._spooled, self._pose, 'r')
        room = self._room(poses) if self._in_space else None
        for track_id, runs in sorted(self._runs.items()):
            path = self.person_path(track_id)
            with open(self._outputs.add(path, brief=True), 'w', encoding='utf-8') as file:
                place = room or self._in_picture(track_id)
                file.writelines(self._lines(path.name, moments, poses, runs, place))

    def _in_picture(self, track_id: int) -> Callable[[np.ndarray], np.ndarray]:
        """What puts ``(K, 3)`` px of a person where the file has them: y up, in metres where a scale is known."""
        plane = self._plane(track_id)
        return lambda markers: np.concatenate([plane.metres(markers[:, :2]), markers[:, 2:]], axis=1)

    def _lines(
        self,
        name: str,
        moments: np.ndarray,
        poses: np.ndarray,
        runs: List[Tuple[int, int]],
        place: Callable[[np.ndarray], np.ndarray],
    ) -> Iterator[str]:
        first, last = int(poses[runs[0][0]]['position']), int(poses[sum(runs[-1]) - 1]['position'])
        yield from self._header(name, int(moments[first]['frame']), last - first + 1)
        digits = 6 if self._units == 'm' else 3
        blank = '\t\t\t' * self.skeleton.num_keypoints
        rows = (poses[row] for begin, count in runs for row in range(begin, begin + count))
        pose = next(rows)
        for position in range(first, last + 1):
            text = blank
            if pose['position'] == position:
                text = ''.join(
                    f'{x:.{digits}f}\t{y:.{digits}f}\t{z:.{digits}f}\t' if math.isfinite(x + y + z) else '\t\t\t'
                    for x, y, z in place(pose['xyz']).tolist()
                )
                pose = next(rows, pose)
            yield f'{moments[position]["frame"]}\t{moments[position]["time"]:.{TIME_DIGITS}f}\t{text}\n'

    def _header(self, name: str, first: int, count: int) -> Iterator[str]:
        rate = f'{float(self.video.fps):.6f}'
        markers = [_field(marker) for marker in self.skeleton.names]
        yield f'PathFileType\t4\t(X/Y/Z)\t{_field(name)}\n'
        yield ('DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames\n')
        yield f'{rate}\t{rate}\t{count}\t{len(markers)}\t{self._units}\t{rate}\t{first}\t{count}\n'
        yield 'Frame#\tTime\t' + ''.join(f'{marker}\t\t\t' for marker in markers) + '\n'
        yield '\t\t' + ''.join(f'X{k}\tY{k}\tZ{k}\t' for k in range(1, len(markers) + 1)) + '\n\n'


def _field(text: str) -> str:
    """``text`` as one field of a line: without tabs, line ends, and what no encoding can write."""
    return ''.join(c if c.isprintable() else '_' for c in text)
