"""Points of a body by what they are, whatever a skeleton calls them."""

from typing import Dict, Optional, Tuple

import numpy as np

from pipeline.skeletons import Skeleton

# names that a point may have, the best first; {} is a side
_NAMES: Dict[str, Tuple[str, ...]] = {
    'toe': ('{}_big_toe', '{}_foot_index'),
    'finger': ('{}_index', '{}_middle_finger1', '{}_forefinger1'),
    'top': ('head', 'head_top', 'nose'),
}
_MIDDLES = {'mid_shoulder': 'shoulder', 'mid_hip': 'hip', 'mid_ear': 'ear', 'mid_ankle': 'ankle', 'mid_eye': 'eye'}


def members(skeleton: Skeleton, point: str) -> Optional[Tuple[int, ...]]:
    """The joints of which ``point`` is the mean.

    Args:
        point: ``left_knee``, ``left_toe``, ``left_finger``; ``top`` of the head (of skeletons without one the nose,
            which lies in the same direction from the neck); ``mid_hip``, ``mid_shoulder`` and their like.

    Returns:
        Indices; None if the skeleton lacks one.
    """
    if point in _MIDDLES:
        names = [f'{side}_{_MIDDLES[point]}' for side in ('left', 'right')]
        return tuple(map(skeleton.index, names)) if all(name in skeleton.names for name in names) else None
    side, _, part = point.rpartition('_')
    for name in _NAMES.get(part, (point,)):
        if name.format(side) in skeleton.names:
            return (skeleton.index(name.format(side)),)
    return None


def place(skeleton: Skeleton, keypoints: np.ndarray, point: str) -> np.ndarray:
    """Where ``point`` is in poses ``(..., K, 2)``: ``(..., 2)``; NaN where a joint of it is, or if it has none."""
    joints = members(skeleton, point)
    if joints is None:
        return np.full((*keypoints.shape[:-2], 2), np.nan)
    return keypoints[..., list(joints), :].mean(axis=-2)
