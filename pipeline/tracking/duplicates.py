"""Remove duplicates: doubled boxes, and boxes nested in others."""

import numpy as np

from pipeline.geometry import box_containment, oks_of_smaller
from pipeline.types import People


def pose_agreement(people: People, sigmas: np.ndarray) -> np.ndarray:
    """OKS between all people of a frame over the joints that both are sure of: ``(P, P)`` in 0..1."""
    return oks_of_smaller(people, people, sigmas)


def nested_matrix(people: People, overlap: float) -> np.ndarray:
    """Which pairs have one box in the other by ``overlap`` of its area: ``(P, P)`` bool."""
    return box_containment(people.bboxes, people.bboxes) >= overlap


def suppress(same: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Greedy suppression: who comes first in ``order`` silences its duplicates.

    Args:
        same: ``(P, P)`` bool, which pairs are one person; the diagonal is ignored.
        order: ``P`` indices, best first.

    Returns:
        ``(P,)`` bool, True for those who stay.
    """
    keep = np.ones(len(same), bool)
    for index in order:
        if keep[index]:
            keep[same[index]] = False
            keep[index] = True
    return keep
