"""OpenPose: a JSON of people per frame, BODY_25 or COCO's 18; also what Pose2Sim and MMPose's converters write so.

Frames are numbered by their files' names. Points of face and hands are left out.
"""

import re
from pathlib import Path
from typing import Any, List, Tuple

import numpy as np

from pipeline.formats.found_poses import FoundPoses, Gatherer, Given
from pipeline.formats.joint_names import names_by_count

_POINTS = ('pose_keypoints_2d', 'pose_keypoints')  # the second before OpenPose 1.2


def fits(document: Any) -> bool:
    """Whether it is a frame with ``people``."""
    people = document.get('people') if isinstance(document, dict) else None
    return isinstance(people, list) and all(isinstance(p, dict) and any(key in p for key in _POINTS) for p in people)


def read(path: Path, document: Any, given: Given) -> FoundPoses:
    """One frame."""
    return read_frames(path, [(0, document)], given)


def read_frames(path: Path, frames: List[Tuple[int, Any]], given: Given) -> FoundPoses:
    """Frames with their numbers."""
    counts = [_triples(person).shape[0] for _, document in frames for person in document['people']]
    count = max(counts, default=25)
    names = names_by_count(count)
    gathered = Gatherer(path, 'OpenPose', names, given, shares=_are_shares(frames))
    for index, document in frames:
        gathered.frame(index)
        for person in document['people']:
            triples = _triples(person)
            if len(triples):
                identity = person.get('person_id', [-1])
                identity = identity[0] if isinstance(identity, list) and identity else identity
                found = int(identity) if isinstance(identity, (int, float)) else -1
                gathered.person(index, triples[:, :2], triples[:, 2], track_id=found)
    return gathered.poses()


def frame_number(name: str) -> int:
    """The number in a file's name, the last one that stands before ``_keypoints``; -1 if there is none."""
    numbers = re.findall(r'\d+', re.sub(r'_?keypoints.*$', '', name))
    return int(numbers[-1]) if numbers else -1


def _triples(person: dict) -> np.ndarray:
    values: list = next((person[key] for key in _POINTS if key in person), [])
    return np.array(values, np.float64).reshape(-1, 3)


def _are_shares(frames: List[Tuple[int, Any]]) -> bool:
    """``--keypoint_scale 3`` writes shares of the picture."""
    points = [_triples(person) for _, document in frames for person in document['people']]
    seen = np.concatenate([triples[triples[:, 2] > 0, :2] for triples in points]) if points else np.zeros((0, 2))
    return bool(len(seen)) and bool((np.abs(seen) <= 1).all()) and bool((seen % 1).any())
