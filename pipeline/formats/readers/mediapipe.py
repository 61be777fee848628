"""MediaPipe's 33 landmarks as JSON, in the ways in which people write them down.

A list of frames (or ``frames`` of an object), each a list of landmarks, or an object with ``landmarks``,
``pose_landmarks`` or ``keypoints`` and perhaps ``frame`` and ``time`` or ``timestamp_ms``. A landmark is an object with
x, y and perhaps visibility, or a list x, y, z, visibility. The Tasks interface gives a list of people in each frame.
Coordinates are shares of the picture, or px where they are larger; both from its upper left corner.
"""

from pathlib import Path
from typing import Any, List, Optional, Tuple

import numpy as np

from pipeline.formats.found_poses import FoundPoses, Gatherer, Given
from pipeline.skeletons import load_skeleton

COUNT = 33
_LANDMARKS = ('pose_landmarks', 'landmarks', 'poseLandmarks', 'keypoints')


def fits(document: Any) -> bool:
    """Whether there are frames with 33 landmarks."""
    return any(people for _, _, people in _frames(document))


def read(path: Path, document: Any, given: Given) -> FoundPoses:
    frames = _frames(document)
    points = np.concatenate([person[:, :2] for _, _, people in frames for person in people])
    shares = are_shares(points)
    gathered = Gatherer(path, 'MediaPipe', load_skeleton('blazepose33').names, given, shares)
    for index, time, people in frames:
        gathered.frame(index, time)
        for person in people:
            keypoints = person[:, :2] if shares else person[:, :2] - 0.5
            gathered.person(index, keypoints, person[:, 2])
    return gathered.poses()


def are_shares(points: np.ndarray) -> bool:
    """Whether ``(N, 2)`` are shares of a picture: half of them lie inside it, or nearly."""
    finite = points[np.isfinite(points).all(axis=1)]
    return bool(len(finite)) and bool(np.median(np.abs(finite)) <= 1.5)


def _frames(document: Any) -> List[Tuple[int, Optional[float], List[np.ndarray]]]:
    """Index, seconds and people ``(33, 3)`` (x, y, visibility) of each frame; empty if it is something else."""
    if isinstance(document, dict):
        document = document.get('frames', document if not isinstance(document.get('landmarks'), list) else [document])
    if not isinstance(document, list):
        return []
    frames = []
    for position, frame in enumerate(document):
        entry = frame if isinstance(frame, dict) else {}
        landmarks = next((entry[key] for key in _LANDMARKS if key in entry), None if entry else frame)
        if isinstance(landmarks, dict):  # protobuf as JSON
            landmarks = landmarks.get('landmark')
        people = _people(landmarks)
        if people is None:
            return []
        index = next((entry[key] for key in ('frame', 'frame_id', 'frame_index', 'index') if key in entry), position)
        milliseconds = next((entry[key] for key in ('timestamp_ms', 'timestampMs') if key in entry), None)
        time = entry.get('time') if milliseconds is None else milliseconds / 1000
        frames.append((int(index), None if time is None else float(time), people))
    return frames


def _people(landmarks: Any) -> Optional[List[np.ndarray]]:
    """People of a frame; None if they are no landmarks."""
    if landmarks is None or landmarks == []:
        return []
    if not isinstance(landmarks, list):
        return None
    one = _person(landmarks)
    if one is not None:
        return [one]
    several = [_person(person) for person in landmarks]
    return None if any(person is None for person in several) else [p for p in several if p is not None]


def _person(landmarks: Any) -> Optional[np.ndarray]:
    if not isinstance(landmarks, list) or len(landmarks) != COUNT:
        return None
    rows = []
    for mark in landmarks:
        if isinstance(mark, dict) and 'x' in mark and 'y' in mark:
            rows.append((mark['x'], mark['y'], mark.get('visibility', 1.0)))
        elif isinstance(mark, list) and len(mark) in (2, 3, 4):
            rows.append((mark[0], mark[1], mark[3] if len(mark) == 4 else 1.0))
        else:
            return None
    return np.array(rows, np.float64)
