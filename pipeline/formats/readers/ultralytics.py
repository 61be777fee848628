"""Ultralytics: what ``results[i].to_json()`` gives, collected in a list, one a frame.

Each frame is a list of detections (or the text of one, as ``to_json`` returns it) with ``box``, ``keypoints`` (x, y,
visible), ``confidence`` and, from the tracker, ``track_id``. Coordinates are px, or shares with ``normalize=True``.
"""

import json
from pathlib import Path
from typing import Any, List

import numpy as np

from pipeline.formats.found_poses import FoundPoses, Gatherer, Given
from pipeline.formats.joint_names import names_by_count


def fits(document: Any) -> bool:
    """Whether it is a list of frames, each a list of detections with ``keypoints``."""
    frames = _frames(document)
    people = [person for frame in frames for person in frame]
    return bool(people) and all(
        isinstance(p, dict) and isinstance(p.get('keypoints'), dict) and 'x' in p['keypoints'] for p in people
    )


def read(path: Path, document: Any, given: Given) -> FoundPoses:
    frames = _frames(document)
    people = [person for frame in frames for person in frame]
    points = np.array([[person['keypoints'][axis] for axis in ('x', 'y')] for person in people], np.float64)
    shares = bool((np.abs(points[np.isfinite(points)]) <= 1).all())
    gathered = Gatherer(path, 'Ultralytics', names_by_count(points.shape[2]), given, shares)
    for index, frame in enumerate(frames):
        gathered.frame(index)
        for person in frame:
            x, y, sure = (np.array(person['keypoints'].get(key, np.nan), np.float64) for key in ('x', 'y', 'visible'))
            missing = (x == 0) & (y == 0)  # Ultralytics' sign for a joint that it did not find
            scores = np.where(missing, 0, 1.0 if np.isnan(sure).all() else sure)
            box = person.get('box') or {}
            corners = [box.get(key) for key in ('x1', 'y1', 'x2', 'y2')]
            gathered.person(
                index,
                np.stack([x, y], axis=1),
                scores,
                None if None in corners else corners,
                person.get('confidence'),
                int(person.get('track_id', -1)),
            )
    return gathered.poses()


def _frames(document: Any) -> List[list]:
    """Frames as lists of detections; empty if it is something else."""
    if not isinstance(document, list):
        return []
    frames = []
    for frame in document:
        if isinstance(frame, str):
            try:
                frame = json.loads(frame)
            except ValueError:
                return []
        if not isinstance(frame, list):
            # a file of one frame's detections
            return [document] if all(isinstance(p, dict) for p in document) else []
        frames.append(frame)
    return frames
