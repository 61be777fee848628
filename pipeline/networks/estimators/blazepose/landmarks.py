"""BlazePose's output tensors, and its landmarks: COCO's keypoints, and those beyond them.

Bazarevsky et al., "BlazePose: On-device Real-time Body Pose Tracking", 2020. The
graph of MediaPipe 0.10 gives ``(1, 195)``: 39 x (x, y, z, visibility, presence) in px
of its input, the last two before their sigmoid; 33 are landmarks, the others
belong to MediaPipe's own cropping. A second output ``(1, 1)`` is the pose flag: how
sure the model is that a person is in the crop. Heat maps ``(1, 64, 64, 39)``, where
the graph gives them, make the landmarks more exact.
"""

from typing import Sequence, Tuple

import numpy as np

from pipeline.layouts import carriers
from pipeline.networks.estimators.blazepose.heatmaps import refined
from pipeline.skeletons import load_skeleton

# nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles among the 33 landmarks, left before right
COCO_LANDMARKS = (0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)
BODY = len(COCO_LANDMARKS)
#: All 33 landmarks, COCO's first: the order of points in here. Whoever wants COCO's takes the first :data:`BODY`.
POINTS = COCO_LANDMARKS + tuple(k for k in range(33) if k not in COCO_LANDMARKS)
_SKELETON = load_skeleton('blazepose33')
#: The mirror point of each, in this order; its first :data:`BODY` are COCO's.
SWAP = tuple(POINTS.index(_SKELETON.flip_indices[k]) for k in POINTS)
#: ``(33, 17)``: on which joints of the body each point hangs.
HANGS_ON = np.asarray(carriers(_SKELETON))[list(POINTS)]
_VALUES = 39 * 5


def landmarks(outputs: Sequence[np.ndarray], size: int = 256) -> np.ndarray:
    """All 39 landmarks ``(39, 5)``: x, y, z px of the input, visibility and presence before their sigmoid.

    Args:
        outputs: arrays among which one has 195 values and perhaps one is ``(1, H, W, 39)``.
        size: side of the input, px.
    """
    table = next(output for output in outputs if output.size == _VALUES).reshape(39, 5).astype(np.float64)
    heatmaps = [output for output in outputs if output.ndim == 4 and output.shape[-1] == 39]
    if heatmaps:
        table[:, :2] = refined(table[:, :2], heatmaps[0][0], size)
    return table


def to_points(outputs: Sequence[np.ndarray], size: int = 256) -> Tuple[np.ndarray, np.ndarray, float]:
    """The 33 landmarks in the order of :data:`POINTS` from the graph's outputs.

    Args:
        outputs: as for :func:`landmarks`, and one with 1 value.
        size: side of the input, px.

    Returns:
        Points ``(33, 2)`` in px of the input (pixel centres are whole numbers);
        scores ``(33,)`` in 0..1: that a point is within the picture (presence) times
        that it is not hidden (visibility); and the flag in 0..1.
    """
    table = landmarks(outputs, size)[list(POINTS)]
    flag = next(output for output in outputs if output.size == 1).item()
    scores = 1 / (1 + np.exp(-table[:, 3:]))
    return table[:, :2] - 0.5, scores.prod(axis=1), flag


def to_coco(outputs: Sequence[np.ndarray], size: int = 256) -> Tuple[np.ndarray, np.ndarray, float]:
    """COCO's 17 of :func:`to_points`."""
    points, scores, flag = to_points(outputs, size)
    return points[:BODY], scores[:BODY], flag
