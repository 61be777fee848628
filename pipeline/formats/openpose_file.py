"""OpenPose JSON, as Pose2Sim, Sports2D and OpenPose's own tools read it: a folder with one file a frame.

``clip_openpose/clip_000000000042_keypoints.json`` holds frame 42 (from 0) in OpenPose's layout 1.3: for each person
``pose_keypoints_2d``, 25 times x, y, score (:mod:`.body25` says how they come from other skeletons), and ``person_id``
with the track id. x points right and y down, in px. A missing joint is ``0, 0, 0``. Every frame has a file, those
without people too. The run's record is beside the folder in ``clip_openpose.run.json``.
"""

import re
from pathlib import Path
from typing import List

import numpy as np

from pipeline.files.folder_output import FolderOutput
from pipeline.formats.body25 import BODY25, Body25Joints
from pipeline.formats.exporter import Exporter
from pipeline.registry import WRITERS
from pipeline.types import People

_FRAME = re.compile(r'.+_\d{12}_keypoints\.json')
_POINT = ', '.join(['%.3f, %.3f, %.4f'] * len(BODY25))
_NOTHING = ', '.join(
    f'"{part}": []'
    for part in (
        *('face_keypoints_2d', 'hand_left_keypoints_2d', 'hand_right_keypoints_2d'),
        *('pose_keypoints_3d', 'face_keypoints_3d', 'hand_left_keypoints_3d', 'hand_right_keypoints_3d'),
    )
)
# a template: as many files as frames are made, each of hundreds of numbers
_PERSON = f'{{"person_id": [%d], "pose_keypoints_2d": [{_POINT}], {_NOTHING}}}'


@WRITERS.register_module(name='openpose')
class OpenPoseExporter(Exporter):
    """Writes one small file a frame into a folder that appears when it is complete."""

    suffix = '_openpose.run.json'

    def _open(self) -> None:
        self._joints = Body25Joints(self.skeleton)
        self._folder = FolderOutput(self.folder, _FRAME, self.force, self._record)
        self._text_file(self._record).write(self.run.to_json() + '\n')

    @property
    def folder(self) -> Path:
        """The folder of the frames."""
        return self.path.with_name(self.path.name.removesuffix('.run.json'))

    @property
    def _record(self) -> Path:
        return self.path.with_name(f'{self.folder.name}.run.json')

    def _write(self, frame_index: int, time: float, people: People) -> None:
        keypoints, scores = self._joints.convert(people.keypoints, people.keypoint_scores)
        triples = np.concatenate([keypoints, scores[..., None]], axis=2).reshape(len(people), 3 * len(BODY25))
        triples += 0.0  # never -0
        listed = ', '.join(
            _PERSON % (track_id, *values) for track_id, values in zip(people.track_ids.tolist(), triples.tolist())
        )
        name = f'{self.video.name}_{frame_index:012d}_keypoints.json'
        self._folder.add(name, f'{{"version": 1.3, "people": [{listed}]}}'.encode())

    def _place(self) -> List[Path]:
        return [self._folder.place(), *super()._place()]

    def _drop(self) -> None:
        super()._drop()
        if hasattr(self, '_folder'):
            self._folder.discard()
