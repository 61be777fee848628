"""COCO keypoint results, as pycocotools' ``loadRes`` and every COCO evaluation read them.

A list with one entry per person and frame: ``image_id``, ``category_id`` 1, ``keypoints`` (x, y, score of COCO's 17
joints, by name; 0, 0, 0 where one is missing), ``score`` and ``bbox`` (x, y, width, height). ``track_id`` is an
addition that COCO's tools pass over. Coordinates are px, x right and y down. ``image_id`` is the frame's index in the
source; in a batch the number of the video times 1,000,000 is added. Frames without people have no entries.
"""

import numpy as np

from pipeline.formats.exporter import Exporter
from pipeline.formats.joint_map import JointMap
from pipeline.registry import WRITERS
from pipeline.skeletons import load_skeleton
from pipeline.types import People

_PER_VIDEO = 1_000_000
_JOINTS = 17  # COCO's
_POINTS = ', '.join(['%.3f, %.3f, %.4f'] * _JOINTS)
# a template: a long video has millions of numbers
_ENTRY = (
    f'{{"image_id": %d, "category_id": 1, "keypoints": [{_POINTS}], "score": %.4f, '
    '"bbox": [%.3f, %.3f, %.3f, %.3f], "track_id": %d}'
)


@WRITERS.register_module(name='coco')
class CocoExporter(Exporter):
    """Writes one JSON list, an entry a line."""

    suffix = '_coco.json'

    def _open(self) -> None:
        self._joints = JointMap(self.skeleton, load_skeleton('coco').names, {}, 'COCO')
        self._file = self._text_file(self.path)
        self._record_run()
        self._file.write('[')
        self._separator = '\n'

    def _write(self, frame_index: int, time: float, people: People) -> None:
        keypoints, scores = self._joints.convert(people.keypoints, people.keypoint_scores)
        triples = np.concatenate([keypoints, scores[..., None]], axis=2).reshape(len(people), 3 * _JOINTS)
        sizes = np.concatenate([people.bboxes[:, :2], people.bboxes[:, 2:] - people.bboxes[:, :2]], axis=1)
        # a person whose box or score is not known has zeros, which every reader takes; and never -0
        numbers = np.nan_to_num(np.concatenate([triples, people.bbox_scores[:, None], sizes], axis=1)) + 0.0
        image = self.video.number * _PER_VIDEO + int(frame_index)
        for row, track_id in zip(numbers.tolist(), people.track_ids.tolist()):
            self._file.write(self._separator + _ENTRY % (image, *row, track_id))
            self._separator = ',\n'

    def _finish(self) -> None:
        self._file.write('\n]\n')
