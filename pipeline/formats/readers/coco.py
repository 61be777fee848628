"""COCO: results (a list of entries) and annotations (with images and categories), PoseTrack18 among them.

Frames are numbered by ``image_id``; of annotations by the names of their pictures, where these have numbers. The third
number of a joint is its score in results, and whether it is there (0, 1, 2) in annotations.
"""

from pathlib import Path
from typing import Any, Dict, List

import numpy as np

from pipeline.formats.found_poses import FoundPoses, Gatherer, Given
from pipeline.formats.joint_names import names_by_count
from pipeline.formats.readers.openpose import frame_number

_PER_VIDEO = 1_000_000  # ids beyond it begin with the number of a video, in our files and PoseTrack's


def fits(document: Any) -> bool:
    """Whether it is a list of entries with ``image_id`` and ``keypoints``, alone or under ``annotations``."""
    entries = document.get('annotations') if isinstance(document, dict) else document
    return isinstance(entries, list) and bool(entries) and all(_is_entry(entry) for entry in entries)


def read(path: Path, document: Any, given: Given) -> FoundPoses:
    images: List[dict] = []
    names = None
    entries = document
    if isinstance(document, dict):
        entries, images = document['annotations'], document.get('images', [])
        names = next((c['keypoints'] for c in document.get('categories', []) if c.get('keypoints')), None)
    entries = [entry for entry in entries if entry.get('keypoints')]
    names = names or names_by_count(len(entries[0]['keypoints']) // 3)
    frames = _numbers(entries, images)
    gathered = Gatherer(path, 'PoseTrack18' if 'head_bottom' in names else 'COCO', names, given)
    for image in images:
        gathered.frame(frames[image['id']])
    for entry in entries:
        triples = np.array(entry['keypoints'], np.float64).reshape(-1, 3)
        scores = entry.get('scores')
        scores = triples[:, 2] if scores is None or len(scores) != len(triples) else np.array(scores, np.float64)
        if scores.max(initial=0) > 1:  # visibility
            scores = (scores > 0).astype(float)
        box = entry.get('bbox')
        if box is not None and len(box) == 4 and box[2] > 0:
            box = (box[0], box[1], box[0] + box[2], box[1] + box[3])
        else:
            box = None
        number = entry.get('score')
        gathered.person(frames[entry['image_id']], triples[:, :2], scores, box, number, int(entry.get('track_id', -1)))
    sizes = {(int(image['width']), int(image['height'])) for image in images if image.get('width')}
    return gathered.poses(size=sizes.pop() if len(sizes) == 1 else None)


def _is_entry(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get('image_id'), int) and 'keypoints' in entry


def _numbers(entries: List[dict], images: List[dict]) -> Dict[int, int]:
    """The frame of each image id."""
    named = {image['id']: frame_number(Path(str(image.get('file_name', ''))).stem) for image in images}
    if named and min(named.values()) >= 0 and len(set(named.values())) == len(named):
        return named
    ids = sorted({*named, *(entry['image_id'] for entry in entries)})
    first = max(ids[0], 0) // _PER_VIDEO * _PER_VIDEO
    return {image: image - first for image in ids}
