"""TRC, the marker files of OpenSim, Pose2Sim and motion capture systems: one per person.

``clip.trc`` becomes ``clip_id1.trc``, ``clip_id2.trc`` … for the people with a track
id. x points right and y up, both from the centre of the lower left pixel, z is 0.
Units are ``px``, or ``m`` when a scale is given: what is drawn from one camera has no
metres of its own, and OpenSim rightly refuses to fit a model to pixels. Frames count
from 0. A joint without a score, and a frame between two appearances of the person, are
blank, which OpenSim reads as NaN. Every line ends in a tab, as OpenSim writes it,
without which it does not read a line whose last marker is blank. The run's record is
beside them in ``clip.trc.run.json``.
"""

import tempfile
from pathlib import Path
from typing import Dict, Iterator, List, Optional

import numpy as np

from pipeline.errors import InputError
from pipeline.files import atomic_path, check_writable
from pipeline.formats.exporter import TIME_DIGITS, Exporter
from pipeline.formats.run_info import RunInfo
from pipeline.registry import WRITERS
from pipeline.skeletons import Skeleton
from pipeline.types import People, VideoInfo

_MOMENT = np.dtype([('frame', '<i8'), ('time', '<f8')])
_BUFFERED_POSES = 4096  # of all people together; then they go to disk


@WRITERS.register_module(name='trc')
class TrcExporter(Exporter):
    """Spools poses to disk per person, because a TRC file states the number of its frames first."""

    suffix = '.trc'

    def __init__(
        self,
        path: Path,
        run: RunInfo,
        skeleton: Skeleton,
        video: VideoInfo,
        force: bool = False,
        metres_per_pixel: Optional[float] = None,
    ):
        """
        Args:
            metres_per_pixel: scale of the plane that people move in, if it is known.

        Raises:
            InputError: as :class:`Exporter`, or if the scale is not above 0.
        """
        if metres_per_pixel is not None and not metres_per_pixel > 0:
            raise InputError(f'metres_per_pixel is {metres_per_pixel}: a number over 0 is needed')
        self._scale = metres_per_pixel
        self._pose = np.dtype([('position', '<i8'), ('xy', '<f8', (skeleton.num_keypoints, 2))])
        self._poses: Dict[int, List[np.ndarray]] = {}  # not on disk yet, by track id
        self._num_buffered = self._num_frames = 0
        super().__init__(path, run, skeleton, video, force)

    def person_path(self, track_id: int) -> Path:
        """The file of one person."""
        return self.path.with_name(f'{self.path.stem}_id{track_id}{self.path.suffix or ".trc"}')

    def _open(self) -> None:
        self._record_run()
        self._folder = Path(
            self._stack.enter_context(
                tempfile.TemporaryDirectory(prefix=f'.{self.path.stem}-', suffix='.part', dir=self.path.parent)
            )
        )
        self._moments = self._stack.enter_context(open(self._folder / 'moments', 'wb'))

    def _write(self, frame_index: int, time: float, people: People) -> None:
        self._moments.write(np.array([(frame_index, time)], _MOMENT).tobytes())
        position, self._num_frames = self._num_frames, self._num_frames + 1
        xy = people.keypoints.astype(np.float64)
        xy[..., 1] = self.video.height - 1 - xy[..., 1]
        xy[people.keypoint_scores <= 0] = np.nan
        for track_id, pose in zip(people.track_ids.tolist(), xy * (self._scale or 1)):
            if track_id < 1:
                continue
            if track_id not in self._poses:
                check_writable(self.person_path(track_id), self.force)
            self._poses.setdefault(track_id, []).append(np.array([(position, pose)], self._pose))
            self._num_buffered += 1
        if self._num_buffered >= _BUFFERED_POSES:
            self._spool()

    def _spool(self) -> None:
        for track_id, poses in self._poses.items():
            with open(self._folder / str(track_id), 'ab') as file:
                file.write(b''.join(pose.tobytes() for pose in poses))
            poses.clear()
        self._num_buffered = 0

    def _finish(self) -> None:
        self._spool()
        self._moments.flush()
        for track_id in sorted(self._poses):
            path = self.person_path(track_id)
            with (
                atomic_path(path, self.force) as temporary,
                open(temporary, 'w', encoding='utf-8', errors='replace') as file,
            ):
                file.writelines(self._lines(track_id, path.name))
            self.files.append(path)

    def _lines(self, track_id: int, name: str) -> Iterator[str]:
        # mapped, not read: a long track need not fit into memory
        moments = np.memmap(self._folder / 'moments', _MOMENT, 'r')
        poses = np.memmap(self._folder / str(track_id), self._pose, 'r')
        first, last = int(poses[0]['position']), int(poses[-1]['position'])
        yield from self._header(name, int(moments[first]['frame']), last - first + 1)
        digits = 6 if self._scale else 3
        row, blank = 0, '\t\t\t' * self.skeleton.num_keypoints
        for position in range(first, last + 1):
            text = blank
            if poses[row]['position'] == position:
                text = ''.join(
                    f'{x:.{digits}f}\t{y:.{digits}f}\t{0:.{digits}f}\t' if np.isfinite(x + y) else '\t\t\t'
                    for x, y in poses[row]['xy']
                )
                row += 1
            yield f'{moments[position]["frame"]}\t{moments[position]["time"]:.{TIME_DIGITS}f}\t{text}\n'

    def _header(self, name: str, first: int, count: int) -> Iterator[str]:
        rate, units = f'{float(self.video.fps):.6f}', 'm' if self._scale else 'px'
        markers = self.skeleton.names
        yield f'PathFileType\t4\t(X/Y/Z)\t{name}\n'
        yield ('DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames\n')
        yield f'{rate}\t{rate}\t{count}\t{len(markers)}\t{units}\t{rate}\t{first}\t{count}\n'
        yield 'Frame#\tTime\t' + ''.join(f'{marker}\t\t\t' for marker in markers) + '\n'
        yield '\t\t' + ''.join(f'X{k}\tY{k}\tZ{k}\t' for k in range(1, len(markers) + 1)) + '\n\n'
