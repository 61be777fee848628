"""Merge detections with tracker predictions, without duplicates."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from pipeline.geometry import box_iou, oks_of_smaller
from pipeline.skeletons import load_skeleton
from pipeline.types import Detections

# Somebody found explains one expected person at most, so a little overlap is enough to be the same …
_SAME = 0.15
# … and whoever resembles somebody found by this much is an echo, even if another explains that one better.
_ECHO = 0.7


def join(found: Detections, expected: Detections) -> Detections:
    """The people found, and after them those expected ones who are not among them.

    Found and expected people are paired one to one, by their boxes' IoU or their poses'
    OKS: of two who cross, of whom the detector finds one, the other is not forgotten.

    Args:
        found, expected: with or without keypoints. Keypoints are kept if both have them.
    """
    if not len(expected) or not len(found):
        return expected if len(expected) else found
    seeds = found.keypoints is not None and expected.keypoints is not None
    likeness = box_iou(expected.bboxes, found.bboxes)
    if seeds:
        likeness = np.maximum(likeness, oks_of_smaller(expected, found, load_skeleton('coco').sigmas))
    rows, columns = linear_sum_assignment(likeness, maximize=True)
    missing = np.asarray((likeness <= _ECHO).all(axis=1))
    missing[rows[likeness[rows, columns] > _SAME]] = False
    return Detections(
        **{
            name: np.concatenate([getattr(found, name), getattr(expected, name)[missing]])
            for name in ('bboxes', 'scores', 'carried', 'expected_by')
            + (('keypoints', 'keypoint_scores') if seeds else ())
        }
    )
