"""One person's motion through one clip: what every source yields and every sampler reads."""

from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

import numpy as np

from pipeline.geometry import longer_side

# where the configs look for data sets, for messages
WHERE = 'the configs look in the folder data of the one that POSE_SHARED names, ../shared by default'


@dataclass
class PoseSequence:
    """A track with its truth and, where one was run, a real estimator's output.

    Attributes:
        name: unique within its source, such as ``S9/Walking/54138969``.
        truth: ``(T, K, D)`` float32, annotated joints; px for D = 2, mm for D = 3.
        weight: ``(T, K)`` float32 in 0..1, 0 where the truth is not known.
        fps: frames per second of the clip.
        estimate: ``(T, K, D)`` float32, the estimator's output, or None.
        group: what must not be split between training and validation (a subject, a clip).
        scores: ``(T, K)`` float32 in 0..1, the estimator's, 0 where a joint was not seen; None: it gives none.
        bbox: ``(T, 4)`` float32 px, x1 y1 x2 y2, the body size of PCK; None: not known.
        image_size: ``(2,)`` float32 px, width and height; None: not known.
    """

    name: str
    truth: np.ndarray
    weight: np.ndarray
    fps: float
    estimate: Optional[np.ndarray] = None
    group: str = ''
    scores: Optional[np.ndarray] = None
    bbox: Optional[np.ndarray] = None
    image_size: Optional[np.ndarray] = None

    def __len__(self) -> int:
        return len(self.truth)


def figure_size(keypoints: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Longer side of the box around the known joints, the yardstick of all relative errors.

    Args:
        keypoints: ``(..., K, 2)``.
        weight: ``(..., K)``; joints of weight 0 are left out.

    Returns:
        ``(...)`` float32, 0 where no joint is known.
    """
    side = longer_side(keypoints, weight > 0)
    return np.where(np.isfinite(side), side, 0).astype(np.float32)


def split_holdout(sequences: Sequence[PoseSequence], every: int) -> Tuple[List[PoseSequence], List[PoseSequence]]:
    """Training and validation sequences: every n-th group, by name, is for validation."""
    if every <= 0:
        return list(sequences), []
    groups = sorted({s.group for s in sequences})
    held = set(groups[every // 2 :: every])
    return [s for s in sequences if s.group not in held], [s for s in sequences if s.group in held]
