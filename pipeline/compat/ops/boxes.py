"""Suppression of overlapping boxes. Boxes are ``(N, 4)``, x1 y1 x2 y2; scores ``(N,)``."""
from typing import List

import torch
import torchvision

NAIVE, LINEAR, GAUSSIAN = range(3)  # mmcv's numbers of the ways to lower a score


def nms(bboxes: torch.Tensor, scores: torch.Tensor, iou_threshold: float, offset: int = 0) -> torch.Tensor:
    """Indices of kept boxes, best first.

    Args:
        iou_threshold: a box goes if it overlaps a better one by more than this.
        offset: 1 if widths count both border pixels, else 0.
    """
    return torchvision.ops.nms(_with_border(bboxes, offset), scores, iou_threshold)


def softnms(boxes: torch.Tensor, scores: torch.Tensor, dets: torch.Tensor, iou_threshold: float, sigma: float,
            min_score: float, method: int, offset: int) -> torch.Tensor:
    """Soft-NMS (Bodla et al. 2017, figure 2): overlapping boxes lose score instead of their place.

    Args:
        dets: ``(N, 5)``, of which the first rows receive the kept boxes and their new scores.
        iou_threshold: overlap from which on a score is lowered (not for Gaussian).
        sigma: width of the Gaussian.
        min_score: boxes that fall below are dropped.
        method: 0 drops, 1 lowers by 1 - IoU, 2 by exp(-IoU²/sigma).

    Returns:
        Indices of the kept boxes in the order of ``dets``.
    """
    scores, boxes_for_iou = scores.clone(), _with_border(boxes, offset)
    remaining, kept = torch.arange(len(boxes)), []
    while len(remaining):
        best = remaining[scores[remaining].argmax()]
        dets[len(kept), :4], dets[len(kept), 4] = boxes[best], scores[best]
        kept.append(int(best))
        remaining = remaining[remaining != best]
        iou = torchvision.ops.box_iou(boxes_for_iou[best, None], boxes_for_iou[remaining])[0]
        scores[remaining] *= _remaining_share(iou, iou_threshold, sigma, method)
        remaining = remaining[scores[remaining] >= min_score]
    return torch.tensor(kept, dtype=torch.long)


def nms_match(dets: torch.Tensor, iou_threshold: float) -> List[List[int]]:
    """Groups of overlapping boxes, each led by the best one.

    Args:
        dets: ``(N, 5)``, boxes and scores.
        iou_threshold: a box joins the first leader that it overlaps by at least this.
    """
    order = dets[:, 4].sort(descending=True).indices
    groups = []
    while len(order):
        iou = torchvision.ops.box_iou(dets[order[:1], :4], dets[order[1:], :4])[0]
        groups.append([int(order[0]), *order[1:][iou >= iou_threshold].tolist()])
        order = order[1:][~(iou >= iou_threshold)]
    return groups


def _remaining_share(iou: torch.Tensor, iou_threshold: float, sigma: float, method: int) -> torch.Tensor:
    if method == GAUSSIAN:
        return torch.exp(-iou ** 2 / sigma)
    lowered = torch.zeros_like(iou) if method == NAIVE else 1 - iou
    return torch.where(iou >= iou_threshold, lowered, torch.ones_like(iou))


def _with_border(boxes: torch.Tensor, offset: int) -> torch.Tensor:
    return torch.cat([boxes[:, :2], boxes[:, 2:] + offset], dim=1) if offset else boxes
