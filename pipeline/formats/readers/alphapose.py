"""AlphaPose's results: COCO's entries with the name of a picture as ``image_id``, and ``idx`` of the tracker.

17 (COCO), 26 and 136 (Halpe) or 133 joints (COCO-WholeBody). Frames are numbered by the names, as ``12.jpg``.
"""

from pathlib import Path
from typing import Any

import numpy as np

from pipeline.formats.found_poses import FoundPoses, Gatherer, Given
from pipeline.formats.joint_names import names_by_count
from pipeline.formats.readers.openpose import frame_number


def fits(document: Any) -> bool:
    """Whether it is a list of entries whose pictures have names."""
    entries = document if isinstance(document, list) else []
    return bool(entries) and all(
        isinstance(e, dict) and isinstance(e.get('image_id'), str) and 'keypoints' in e for e in entries
    )


def read(path: Path, document: Any, given: Given) -> FoundPoses:
    names = names_by_count(len(document[0]['keypoints']) // 3)
    gathered = Gatherer(path, 'AlphaPose', names, given)
    pictures = sorted({entry['image_id'] for entry in document})
    numbers = {name: frame_number(name.rsplit('.', 1)[0]) for name in pictures}
    if min(numbers.values()) < 0 or len(set(numbers.values())) < len(pictures):  # pictures without numbers: in order
        numbers = {name: index for index, name in enumerate(pictures)}
    for entry in document:
        triples = np.array(entry['keypoints'], np.float64).reshape(-1, 3)
        box = entry.get('box')
        if box is not None:
            x, y, width, height = map(float, box)
            box = (x, y, x + width, y + height)
        identity = entry.get('idx', -1)
        while isinstance(identity, list):  # a tracker's list of one
            identity = identity[0] if identity else -1
        number = numbers[entry['image_id']]
        # its score is a sum over joints and box: no probability
        gathered.person(number, triples[:, :2], triples[:, 2], box, None, int(identity if identity is not None else -1))
    return gathered.poses()
