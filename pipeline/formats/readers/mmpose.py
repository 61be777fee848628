"""MMPose's inferencer and demo scripts, and our own JSON: a list of frames with instances.

Of our own files the poses before the refiner are taken, so that they are refined once; whom the refiner had filled in
is marked, and it does that again. MMPose's demo scripts count frames from 1, its inferencer and we from 0.
"""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.formats.found_poses import FoundPoses, Gatherer, Given
from pipeline.formats.joint_names import names_by_count
from pipeline.formats.poses_json import parse_poses


def fits(document: Any) -> bool:
    """Whether it is a list of frames with ``instances``, alone or under ``instance_info``."""
    frames = document.get('instance_info') if isinstance(document, dict) else document
    return isinstance(frames, list) and all(isinstance(f, dict) and 'instances' in f for f in frames) and bool(frames)


def read(path: Path, document: Any, given: Given) -> FoundPoses:
    file = parse_poses(path, document)
    people = [frame.people for frame in file.frames if len(frame.people)]
    count = people[0].keypoints.shape[1] if people else 17
    names = file.skeleton.names if file.skeleton is not None else names_by_count(count)
    layout = 'poses of this program' if file.run else 'MMPose'
    gathered = Gatherer(path, layout, names, given)
    first = 0 if file.video is not None else min(frame.index for frame in file.frames)
    shift = 1 if first == 1 else 0
    for frame in file.frames:
        index = frame.index - shift
        gathered.frame(index, frame.time)
        for row in range(len(frame.people)):
            person = frame.people[row]
            gathered.person(
                index,
                person.keypoints_raw,
                None if np.isnan(person.keypoint_scores).all() else person.keypoint_scores,
                person.bboxes,
                float(person.bbox_scores),
                int(person.track_ids),
                filled=bool(person.filled),
            )
    if file.video is None:
        return gathered.poses()
    return gathered.poses(Fraction(file.video.fps), (file.video.width, file.video.height))
