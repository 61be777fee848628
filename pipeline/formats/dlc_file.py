"""DeepLabCut's CSV with several individuals, as DeepLabCut, movement, SLEAP and Keypoint-MoSeq read it.

Four lines of header (scorer, individuals, bodyparts, coords), then one line per frame with x, y (px, x right and y
down) and likelihood (0..1) of every joint of every individual, ``id1``, ``id2`` …; the first column is the frame's
index in the source. What was not seen is empty. The run's record is beside it in ``NAME.run.json``.
"""

import numpy as np

from pipeline.formats.collected import Collected, CollectedExporter
from pipeline.formats.csv_file import text_cell
from pipeline.formats.exporter import COORDINATE_DIGITS, SCORE_DIGITS
from pipeline.registry import WRITERS

SCORER = 'smooth-poses'


@WRITERS.register_module(name='dlc')
class DlcExporter(CollectedExporter):
    """Writes one line per frame, once all individuals are known."""

    suffix = '_dlc.csv'

    def _open(self) -> None:
        self._file = self._text_file(self.path)
        super()._open()

    def _save(self, poses: Collected) -> None:
        joints = [text_cell(name).replace(',', ' ') for name in self.skeleton.names]
        columns = [(f'id{track.id}', joint, axis) for track in poses.tracks for joint in joints for axis in _AXES]
        heads = [(SCORER,) * len(columns), *zip(*columns)] if columns else [()] * 4
        for name, head in zip(('scorer', 'individuals', 'bodyparts', 'coords'), heads):
            self._file.write(','.join((name, *head)) + '\n')
        template = f'%.{COORDINATE_DIGITS}f,%.{COORDINATE_DIGITS}f,%.{SCORE_DIGITS}f'
        blank = ',,'
        absent = ','.join([blank] * len(joints))
        rows = [dict(zip(track.positions.tolist(), range(len(track.positions)))) for track in poses.tracks]
        for position, index in enumerate(poses.indices.tolist()):
            cells = [str(index)]
            for track, where in zip(poses.tracks, rows):
                row = where.get(position)
                if row is None:
                    cells.append(absent)
                    continue
                values = np.concatenate([track.keypoints[row], track.scores[row][:, None]], axis=1).tolist()
                cells.append(','.join(template % tuple(v) if v[0] == v[0] and v[1] == v[1] else blank for v in values))
            self._file.write(','.join(cells) + '\n')


_AXES = ('x', 'y', 'likelihood')
