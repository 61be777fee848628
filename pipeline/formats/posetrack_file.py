"""PoseTrack18 JSON, as PoseTrack's evaluation and annotation tools read it.

``images``, ``annotations`` and ``categories`` as in COCO, with a track id per
annotation and 17 keypoints ``x, y, v`` in PoseTrack's order (:mod:`.posetrack_joints`
says how they come from other skeletons). Ids of images and annotations begin with the
number of the video, so that files of one batch can be put together. A joint that is missing is ``0, 0, 0``;
its score is in ``scores``. Every frame is an image, also one without people. The
run's record is under ``info``.
"""

import json
import struct
import tempfile

import numpy as np

from pipeline.formats.exporter import COORDINATE_DIGITS, SCORE_DIGITS, Exporter, rounded
from pipeline.formats.posetrack_joints import NAMES, PoseTrackJoints
from pipeline.registry import WRITERS
from pipeline.types import People

_FIRST_IMAGE = 10_000_000_000  # PoseTrack18's ids: 1, six digits of the sequence, the frame; of a video without number
_PER_VIDEO = 1_000_000
_INDEX = struct.Struct('<q')


@WRITERS.register_module(name='posetrack')
class PoseTrackExporter(Exporter):
    """Writes annotations as they come; the list of images, which states their number, at the end."""

    suffix = '_posetrack.json'

    def _open(self) -> None:
        self._joints = PoseTrackJoints(self.skeleton)
        self._file = self._text_file(self.path)
        self._indices = self._stack.enter_context(tempfile.TemporaryFile(dir=self.path.parent))
        self._num_annotations = 0
        self._ids = self.video.number * _PER_VIDEO
        self._first_image = self._ids or _FIRST_IMAGE
        category = dict(supercategory='person', id=1, name='person', keypoints=list(NAMES), skeleton=[])
        self._file.write(
            f'{{"info": {json.dumps(self.run.to_dict(), allow_nan=False)},\n'
            f'"categories": {json.dumps([category])},\n"annotations": ['
        )

    def _write(self, frame_index: int, time: float, people: People) -> None:
        self._indices.write(_INDEX.pack(frame_index))
        keypoints, scores = self._joints.convert(people.keypoints, people.keypoint_scores)
        seen = (scores > 0)[:, :, None]
        triples = np.concatenate([keypoints, seen], axis=2).reshape(len(people), 3 * len(NAMES))
        sizes = np.concatenate([people.bboxes[:, :2], people.bboxes[:, 2:] - people.bboxes[:, :2]], axis=1)
        columns = dict(
            track_id=people.track_ids.tolist(),
            person_id=people.track_ids.tolist(),
            keypoints=rounded(triples, COORDINATE_DIGITS),
            scores=rounded(scores, SCORE_DIGITS),
            bbox=rounded(sizes, COORDINATE_DIGITS),
            score=rounded(people.bbox_scores, SCORE_DIGITS),
        )
        for row in zip(*columns.values()):
            separator = ',\n' if self._num_annotations else '\n'
            self._num_annotations += 1
            annotation = dict(
                zip(columns, row),
                id=self._ids + self._num_annotations,
                image_id=self._first_image + frame_index,
                category_id=1,
            )
            self._file.write(separator + json.dumps(annotation, allow_nan=False))

    def _finish(self) -> None:
        self._file.write('\n],\n"images": [')
        count = self._indices.tell() // _INDEX.size
        self._indices.seek(0)
        for position in range(count):
            (index,) = _INDEX.unpack(self._indices.read(_INDEX.size))
            image = dict(
                id=self._first_image + index,
                frame_id=self._first_image + index,
                vid_id=self.video.name,
                file_name=f'{self.video.name}/{index:06d}.jpg',
                nframes=count,
                is_labeled=True,
                width=int(self.video.width),
                height=int(self.video.height),
            )
            self._file.write((',\n' if position else '\n') + json.dumps(image))
        self._file.write('\n]}\n')
