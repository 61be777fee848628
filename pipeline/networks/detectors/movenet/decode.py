"""Decode MoveNet's output tensor into people, without duplicates.

The tensor is ``(6, 56)``: per person 17 x (y, x, score), then the box as (ymin,
xmin, ymax, xmax), then the person's score. Coordinates are fractions of the
padded input.
"""

from dataclasses import dataclass
from typing import Sequence

import numpy as np

from pipeline.geometry import areas, box_iou, pose_oks
from pipeline.skeletons import load_skeleton

NUM_KEYPOINTS = 17
# Room between the outermost keypoints and the sides of a box, in keypoint extents (left, top, right,
# bottom): medians over MoveNet's own boxes of people it is sure of.
_MARGINS = np.array([-0.058, -0.09, 0.058, 0.085], np.float32)


@dataclass
class MultiPose:
    """People of one picture.

    Attributes:
        bboxes: ``(P, 4)`` x1 y1 x2 y2.
        scores: ``(P,)`` in 0..1.
        keypoints: ``(P, 17, 2)``, COCO order.
        keypoint_scores: ``(P, 17)`` in 0..1.
    """

    bboxes: np.ndarray
    scores: np.ndarray
    keypoints: np.ndarray
    keypoint_scores: np.ndarray

    def __len__(self) -> int:
        return len(self.bboxes)

    def __getitem__(self, index) -> 'MultiPose':
        return MultiPose(self.bboxes[index], self.scores[index], self.keypoints[index], self.keypoint_scores[index])


def decode(output: np.ndarray, height: int, width: int) -> MultiPose:
    """Take the tensor apart.

    Args:
        output: ``(6, 56)``, see above.
        height, width: of the padded input, px.

    Returns:
        All six, best or not, in px of the padded input (pixel centres are whole numbers).
    """
    size = np.array([width, height], np.float32)
    triples = output[:, : 3 * NUM_KEYPOINTS].reshape(-1, NUM_KEYPOINTS, 3)
    corners = output[:, 51:55].reshape(-1, 2, 2)[..., ::-1] * size - 0.5
    return MultiPose(corners.reshape(-1, 4), output[:, 55], triples[..., 1::-1] * size - 0.5, triples[..., 2])


def confidence(scores: np.ndarray, centre: float, width: float) -> np.ndarray:
    """How likely a person of MoveNet's score is real: a logistic curve through what was measured."""
    return 1 / (1 + np.exp((centre - scores) / width))


def mended_boxes(people: MultiPose, keypoint_thr: float, least_iou: float) -> np.ndarray:
    """Boxes ``(P, 4)``; those that do not fit the keypoints are replaced by the keypoints' own.

    Args:
        keypoint_thr: keypoints below this score do not count.
        least_iou: a box fits if it overlaps that of the keypoints by so much.
    """
    own = (
        np.stack(
            [
                _keypoint_box(points, scores >= keypoint_thr)
                for points, scores in zip(people.keypoints, people.keypoint_scores)
            ]
        )
        if len(people)
        else people.bboxes
    )
    fits = np.diagonal(box_iou(people.bboxes, own)) >= least_iou
    return np.where(fits[:, None], people.bboxes, own)


def distinct(people: MultiPose, nms_iou: float, nms_oks: float) -> np.ndarray:
    """Indices of people, best first, without those who are a better one seen twice.

    Two are one if their boxes overlap by more than ``nms_iou`` or their keypoints
    agree by more than ``nms_oks``.
    """
    same = (box_iou(people.bboxes, people.bboxes) > nms_iou) | (oks_matrix(people) > nms_oks)
    kept = []
    for index in np.argsort(-people.scores, kind='stable'):
        if not same[index, kept].any():
            kept.append(index)
    return np.array(kept, int)


def joined(several: Sequence[MultiPose]) -> MultiPose:
    """The people of several looks as one list."""
    return MultiPose(
        *(
            np.concatenate([getattr(people, name) for people in several])
            for name in ('bboxes', 'scores', 'keypoints', 'keypoint_scores')
        )
    )


def oks_matrix(people: MultiPose) -> np.ndarray:
    """Object keypoint similarity between all pairs ``(P, P)``, all keypoints alike, on the scale of the smaller one."""
    sizes = np.sqrt(np.maximum(areas(people.bboxes), 1.0))
    every = np.ones(people.keypoint_scores.shape)
    return pose_oks(
        people.keypoints,
        people.keypoints,
        every,
        every,
        np.minimum(sizes[:, None], sizes[None]),
        load_skeleton('coco').sigmas,
    )


def _keypoint_box(points: np.ndarray, seen: np.ndarray) -> np.ndarray:
    points = points[seen] if seen.any() else points
    low, high = points.min(axis=0), points.max(axis=0)
    # a figure is as wide as its limbs even where its joints stand in one line
    return np.concatenate([low, high]) + _MARGINS * max(high - low)
