"""JSON in the layout of MMPose 1.x, with tracks and the estimate before the refiner.

    {"meta_info": {"dataset_name": …, "keypoint_id2name": …, "skeleton_links": …,
                   "video": {…}, "run": {…}},
     "instance_info": [
       {"frame_id": 0, "time": 0.0, "instances": [
          {"keypoints": [[x, y], …], "keypoint_scores": […], "bbox": [[x1, y1, x2, y2]],
           "bbox_score": 0.9, "track_id": 1, "filled": false, "keypoints_raw": [[x, y], …],
           "keypoint_sigmas": […]}]},
       …]}

``keypoint_sigmas``, px, are there where the refiner says how sure it is (HANet does).

``frame_id`` counts from 0, as MMPose's inferencer does (its demo scripts count
from 1). ``bbox`` is a list in a list because MMPose's ``split_instances`` makes it
so, and readers of its files expect that. Coordinates are in px with 3 decimals,
scores in 0..1 with 4, times in seconds with 6; what is not a number is null. With ``--3d`` people
also have ``keypoints_3d``, [x, y, z] in metres before the camera with 4 decimals (x right, y down, z ahead). One
frame is one line. The same input gives the same bytes.
"""

import json

from pipeline.formats.exporter import COORDINATE_DIGITS, METRE_DIGITS, SCORE_DIGITS, TIME_DIGITS, Exporter, rounded
from pipeline.registry import WRITERS
from pipeline.skeletons import Skeleton
from pipeline.types import People, VideoInfo


@WRITERS.register_module(name='json')
class JsonExporter(Exporter):
    """Writes one JSON document, a frame at a time."""

    suffix = '_poses.json'

    def _open(self) -> None:
        self._file = self._text_file(self.path)
        meta = dict(skeleton_meta(self.skeleton), video=video_meta(self.video), run=self.run.to_dict())
        self._file.write(f'{{"meta_info": {json.dumps(meta, allow_nan=False)},\n"instance_info": [')
        self._separator = '\n'

    def _write(self, frame_index: int, time: float, people: People) -> None:
        frame = dict(frame_id=int(frame_index), time=rounded(time, TIME_DIGITS), instances=instances(people))
        self._file.write(self._separator + json.dumps(frame, allow_nan=False))
        self._separator = ',\n'

    def _finish(self) -> None:
        self._file.write('\n]}\n')


def instances(people: People) -> list:
    """People as MMPose lists them, with the tracker's and the refiner's additions."""
    columns = dict(
        keypoints=rounded(people.keypoints, COORDINATE_DIGITS),
        keypoint_scores=rounded(people.keypoint_scores, SCORE_DIGITS),
        bbox=[[box] for box in rounded(people.bboxes, COORDINATE_DIGITS)],
        bbox_score=rounded(people.bbox_scores, SCORE_DIGITS),
        track_id=people.track_ids.tolist(),
        filled=people.filled.tolist(),
        keypoints_raw=rounded(people.keypoints_raw, COORDINATE_DIGITS),
    )
    if people.keypoints_3d is not None:
        columns['keypoints_3d'] = rounded(people.keypoints_3d, METRE_DIGITS)
    if people.keypoint_sigmas is not None:
        columns.update(keypoint_sigmas=rounded(people.keypoint_sigmas, COORDINATE_DIGITS))
    return [dict(zip(columns, row)) for row in zip(*columns.values())]


def skeleton_meta(skeleton: Skeleton) -> dict:
    """The skeleton under the names of MMPose's ``dataset_meta``."""
    return dict(
        dataset_name=skeleton.name,
        num_keypoints=skeleton.num_keypoints,
        keypoint_id2name={str(k): name for k, name in enumerate(skeleton.names)},
        keypoint_name2id={name: k for k, name in enumerate(skeleton.names)},
        flip_indices=[int(k) for k in skeleton.flip_indices],
        skeleton_links=[[int(a), int(b)] for a, b in skeleton.links],
        sigmas=rounded(skeleton.sigmas, 6),
    )


def video_meta(video: VideoInfo) -> dict:
    """The source; ``fps`` is an exact fraction such as ``30000/1001``."""
    return dict(
        name=video.name.encode('utf-8', 'replace').decode(),  # names of files need not be text
        width=int(video.width),
        height=int(video.height),
        fps=str(video.fps),
        num_frames=video.num_frames,
        start=rounded(video.start, TIME_DIGITS),
    )
