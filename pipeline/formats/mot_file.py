"""MOTChallenge's text of boxes, as TrackEval and py-motmetrics read it: the tracks without their joints.

A line per person and frame: frame, id, left, top, width, height, score, -1, -1, -1. As MOTChallenge has it, frames and
pixels count from 1: the centre of the upper left pixel is (1, 1), and frame 1 is frame 0 of the other formats. x points
right and y down. People without an id are left out. The run's record is beside it in ``NAME.run.json``.
"""

import numpy as np

from pipeline.formats.exporter import Exporter
from pipeline.registry import WRITERS
from pipeline.types import People


@WRITERS.register_module(name='mot')
class MotExporter(Exporter):
    """Writes one line per box."""

    suffix = '_mot.txt'

    def _open(self) -> None:
        self._file = self._text_file(self.path)
        self._record_run()

    def _write(self, frame_index: int, time: float, people: People) -> None:
        for track_id, box, score in zip(people.track_ids.tolist(), people.bboxes.tolist(), people.bbox_scores.tolist()):
            if track_id < 1 or not np.isfinite(box).all():
                continue
            left, top, right, bottom = box
            corner = f'{left + 1:.3f},{top + 1:.3f},{right - left:.3f},{bottom - top:.3f}'
            self._file.write(f'{frame_index + 1},{track_id},{corner},{score if score == score else 1:.4f},-1,-1,-1\n')
