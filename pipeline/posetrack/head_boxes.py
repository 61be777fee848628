"""Head sizes of annotated people whose head was not annotated: distances are measured in them."""

from typing import Dict, List

import numpy as np

from pipeline.posetrack.sequence import PoseSequence

# head size of people whose head is never annotated, as a part of their joints' extent
_HEAD_PART = 1 / 8


def with_head_boxes(sequence: PoseSequence) -> PoseSequence:
    """Give people whose head was not annotated the head size they have elsewhere, or a usual one.

    For trackers' comparison and training only: poseval, and so the scores, know no such thing.
    """
    sizes: Dict[int, List[np.ndarray]] = {}
    for frame in sequence.frames:
        for identity, box in zip(frame.track_ids, frame.head_boxes):
            if not np.isnan(box).any():
                sizes.setdefault(int(identity), []).append(box[2:] - box[:2])
    for frame in sequence.frames:
        for row in np.flatnonzero(np.isnan(frame.head_boxes).any(axis=1) & frame.present.any(axis=1)):
            known = sizes.get(int(frame.track_ids[row]))
            extent = np.nanmax(frame.points[row], axis=0) - np.nanmin(frame.points[row], axis=0)
            size = np.median(known, axis=0) if known else np.full(2, max(_HEAD_PART * extent.max(), 1.0))
            frame.head_boxes[row] = [0, 0, *size]
    return sequence
