"""Our npz: the poses of a batch's segment, and pairs of a refiner's training (``NAME/estimate``)."""

from pathlib import Path
from typing import Optional

import numpy as np

from pipeline.errors import InputError
from pipeline.formats.found_poses import FoundPoses, Gatherer, Given
from pipeline.formats.joint_names import names_by_count
from pipeline.formats.npz import open_npz
from pipeline.moments import simple_rate


def read(path: Path, given: Given) -> Optional[FoundPoses]:
    """The poses in the file; None if it holds other arrays.

    Raises:
        InputError: for pairs of several sequences, which are of several videos.
    """
    with open_npz(path, 'a file of poses') as arrays:
        names = set(arrays.files)
        if {'indices', 'counts', 'keypoints', 'keypoint_scores', 'track_ids'} <= names:
            return _segment(path, arrays, given)
        estimates = sorted(name for name in names if name.endswith('/estimate'))
        if len(estimates) > 1:
            raise InputError(f'{path}: {len(estimates)} sequences, of as many videos; one a file can be refined')
        return _pair(path, arrays, estimates[0], given) if estimates else None


def _segment(path: Path, arrays, given: Given) -> FoundPoses:
    points, scores, ids = arrays['keypoints'], arrays['keypoint_scores'], arrays['track_ids']
    gathered = Gatherer(path, 'poses of this program', names_by_count(points.shape[1]), given)
    begin = 0
    for index, count in zip(arrays['indices'].tolist(), arrays['counts'].tolist()):
        gathered.frame(index)
        for row in range(begin, begin + count):
            gathered.person(
                index, points[row], scores[row], arrays['bboxes'][row], arrays['bbox_scores'][row], int(ids[row])
            )
        begin += count
    return gathered.poses()


def _pair(path: Path, arrays, name: str, given: Given) -> Optional[FoundPoses]:
    stem = name.rsplit('/', 1)[0]
    points = np.asarray(arrays[name], np.float64)
    if points.ndim != 3 or points.shape[2] != 2:
        return None
    scores = arrays[f'{stem}/scores'] if f'{stem}/scores' in arrays.files else None
    gathered = Gatherer(path, 'pairs of a refiner', names_by_count(points.shape[1]), given)
    for index, pose in enumerate(points):
        gathered.person(index, pose, None if scores is None else scores[index], track_id=1)
    fps = float(arrays[f'{stem}/fps']) if f'{stem}/fps' in arrays.files else 0.0
    return gathered.poses(simple_rate(fps) if fps > 0 else None)
