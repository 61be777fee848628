"""CSV in long form: one row per frame, person and joint, ready for pandas or R.

Columns: frame (from 0), time (s), track_id, joint, x, y (px), score (0..1),
x_raw, y_raw (px, before the refiner), filled (0 or 1); with ``--3d`` also x_3d, y_3d, z_3d (m
before the camera: right, down, ahead). What is not a number is an
empty field. Text that a spreadsheet would take for a formula gets a ``'`` in front.
Frames without people have no rows. The run's record is beside it in ``NAME.run.json``.
"""

import csv
from typing import Any

from pipeline.formats.exporter import (
    COORDINATE_DIGITS,
    METRE_DIGITS,
    SCORE_DIGITS,
    TIME_DIGITS,
    Exporter,
    rounded,
)
from pipeline.registry import WRITERS
from pipeline.types import People

_FORMULA = ('=', '+', '-', '@', '\t', '\r', '\n')
COLUMNS = ('frame', 'time', 'track_id', 'joint', 'x', 'y', 'score', 'x_raw', 'y_raw', 'filled')
IN_SPACE = ('x_3d', 'y_3d', 'z_3d')


@WRITERS.register_module(name='csv')
class CsvExporter(Exporter):
    """Writes one row per joint."""

    suffix = '_poses.csv'

    def _open(self) -> None:
        self._rows = csv.writer(self._text_file(self.path), lineterminator='\n')
        self._in_space = bool(self.run.options.get('three_d'))
        self._rows.writerow(COLUMNS + IN_SPACE * self._in_space)
        self._record_run()

    def _write(self, frame_index: int, time: float, people: People) -> None:
        moment = rounded(time, TIME_DIGITS)
        points, raw = (rounded(p, COORDINATE_DIGITS) for p in (people.keypoints, people.keypoints_raw))
        scores = rounded(people.keypoint_scores, SCORE_DIGITS)
        space: Any = [[()] * self.skeleton.num_keypoints] * len(people)
        if self._in_space and people.keypoints_3d is not None:
            space = rounded(people.keypoints_3d, METRE_DIGITS)
        for p, (track_id, filled) in enumerate(zip(people.track_ids.tolist(), people.filled.tolist())):
            self._rows.writerows(
                [
                    (
                        frame_index,
                        moment,
                        track_id,
                        text_cell(name),
                        *points[p][k],
                        scores[p][k],
                        *raw[p][k],
                        int(filled),
                        *space[p][k],
                    )
                    for k, name in enumerate(self.skeleton.names)
                ]
            )

    def _finish(self) -> None:
        pass


def text_cell(text: str) -> str:
    """``text`` so that no spreadsheet runs it: with a ``'`` before what begins like a formula, as OWASP says.

    Only for what is text; a negative number must stay one.
    """
    return f"'{text}" if text.startswith(_FORMULA) else text
