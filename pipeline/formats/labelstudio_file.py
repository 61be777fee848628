"""Label Studio's JSON of tasks, for correcting poses by hand, as Label Studio imports and sleap-io reads it.

One task per frame with people: for each person a rectangle (the person's box, labelled ``person``, the track id in its
``meta``), and a keypoint for each joint that was seen, related to it. Positions are in percent of the picture, x right
and y down, so that pixel x is ``x * width / 100`` as sleap-io has it. ``meta.video`` names the source and the frame;
``data`` needs the address of a picture before Label Studio can show one. Ids follow from frame, person and joint. The
run's record is beside it in ``NAME.run.json``.
"""

import json
from typing import Iterator

import numpy as np

from pipeline.formats.exporter import Exporter
from pipeline.registry import WRITERS
from pipeline.types import People


@WRITERS.register_module(name='labelstudio')
class LabelStudioExporter(Exporter):
    """Writes one JSON list, a task a line."""

    suffix = '_labelstudio.json'

    def _open(self) -> None:
        self._file = self._text_file(self.path)
        self._record_run()
        self._file.write('[')
        self._separator = '\n'
        size = dict(original_width=int(self.video.width), original_height=int(self.video.height), image_rotation=0)
        # templates, because a long video has millions of shapes
        self._box = _head(dict(size, from_name='individuals', to_name='image', type='rectanglelabels'))
        self._point = _head(dict(size, from_name='keypoint-label', to_name='image', type='keypointlabels'))
        self._labels = [json.dumps([name]) for name in self.skeleton.names]
        self._percent = 100 / np.array([self.video.width, self.video.height], float)
        name = self.video.path or self.video.name
        self._name = name.encode('utf-8', 'replace').decode()  # names of files need not be text

    def _write(self, frame_index: int, time: float, people: People) -> None:
        shapes = [shape for i in range(len(people)) for shape in self._person(frame_index, people, i)]
        if not shapes:
            return
        shape = [self.video.num_frames or 0, int(self.video.height), int(self.video.width), 3]
        meta = json.dumps(dict(video=dict(filename=self._name, frame_idx=int(frame_index), shape=shape)))
        result = f'{{"result": [{", ".join(shapes)}], "was_cancelled": false, "ground_truth": false}}'
        self._file.write(f'{self._separator}{{"data": {{}}, "meta": {meta}, "annotations": [{result}]}}')
        self._separator = ',\n'

    def _person(self, frame_index: int, people: People, i: int) -> Iterator[str]:
        points = people.keypoints[i] * self._percent
        seen = np.isfinite(points).all(axis=1) & (people.keypoint_scores[i] > 0)
        if not seen.any():
            return
        box = people.bboxes[i] if np.isfinite(people.bboxes[i]).all() else _around(people.keypoints[i][seen])
        left, top, right, bottom = (box * np.tile(self._percent, 2)).tolist()
        person = f'f{frame_index}p{i}'
        yield (
            f'{self._box}"id": "{person}", "meta": {{"text": ["id{people.track_ids[i]}"]}}, '
            f'"value": {{"x": {left:.6f}, "y": {top:.6f}, "width": {right - left:.6f}, "height": {bottom - top:.6f}, '
            '"rotation": 0, "rectanglelabels": ["person"]}}'
        )
        for k, (x, y) in enumerate(points.tolist()):
            if seen[k]:
                yield (
                    f'{self._point}"id": "{person}k{k}", "value": {{"x": {x:.6f}, "y": {y:.6f}, "width": 0.4, '
                    f'"keypointlabels": {self._labels[k]}}}}}'
                )
                yield f'{{"from_id": "{person}k{k}", "to_id": "{person}", "type": "relation", "direction": "right"}}'

    def _finish(self) -> None:
        self._file.write('\n]\n')


def _head(fields: dict) -> str:
    """The beginning of an object that has more fields."""
    return json.dumps(fields)[:-1] + ', '


def _around(points: np.ndarray) -> np.ndarray:
    return np.concatenate([points.min(axis=0), points.max(axis=0)])
