"""Suppression of boxes through mmcv's public functions, against hand-computed answers."""

import math

import numpy as np
import pytest
import torch
from mmcv.ops import batched_nms, nms, nms_match, soft_nms

# 1 against 0: IoU 0.8 (80 of 100); 2 against 0: IoU 0.5; 2 against 1: 50/80 = 0.625; 3 stands alone
BOXES = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 8], [0, 0, 10, 5], [20, 0, 30, 10]])
SCORES = torch.tensor([0.9, 0.8, 0.7, 0.6])


@pytest.mark.parametrize('threshold, kept', [(0.9, [0, 1, 2, 3]), (0.7, [0, 2, 3]), (0.5, [0, 2, 3]), (0.49, [0, 3])])
def test_nms_keeps_boxes_up_to_the_threshold(threshold, kept):
    dets, indices = nms(BOXES, SCORES, threshold)
    assert indices.tolist() == kept
    torch.testing.assert_close(dets, torch.cat([BOXES, SCORES[:, None]], 1)[kept])


def test_nms_counts_border_pixels_with_offset():
    # (11*9)/(11*11) = 0.818 with border pixels, 0.8 without
    pair, scores = BOXES[:2], SCORES[:2]
    assert len(nms(pair, scores, 0.81, offset=0)[1]) == 2
    assert len(nms(pair, scores, 0.81, offset=1)[1]) == 1


def test_nms_options_of_mmcv():
    assert nms(BOXES, SCORES, 0.9, score_threshold=0.65)[1].tolist() == [0, 1, 2]
    assert nms(BOXES, SCORES, 0.9, max_num=2)[1].tolist() == [0, 1]
    dets, indices = nms(BOXES.numpy(), SCORES.numpy(), 0.7)
    assert isinstance(dets, np.ndarray) and indices.tolist() == [0, 2, 3]
    assert nms(torch.zeros(0, 4), torch.zeros(0), 0.5)[1].tolist() == []


def test_batched_nms_treats_classes_apart():
    labels = torch.tensor([0, 1, 0, 0])
    assert batched_nms(BOXES, SCORES, labels, dict(type='nms', iou_threshold=0.4))[1].tolist() == [0, 1, 3]
    assert batched_nms(BOXES, SCORES, labels, dict(type='nms', iou_threshold=0.4), class_agnostic=True)[1].tolist() == [
        0,
        3,
    ]


def test_soft_nms_lowers_scores_by_overlap():
    # first 0 (.9); 1: .8*(1-.8)=.16, 2: .7*(1-.5)=.35, 3 stays; then 3, then 2 lowers 1: .16*(1-.625)=.06
    dets, indices = soft_nms(BOXES, SCORES, iou_threshold=0.3, method='linear', min_score=1e-3)
    assert indices.tolist() == [0, 3, 2, 1]
    assert dets[:, 4].tolist() == pytest.approx([0.9, 0.6, 0.35, 0.06])
    torch.testing.assert_close(dets[:, :4], BOXES[indices])


def test_soft_nms_gaussian_and_naive():
    dets, indices = soft_nms(BOXES, SCORES, sigma=0.5, method='gaussian')
    lowered = {1: 0.8 * math.exp(-(0.8**2) / 0.5) * math.exp(-(0.625**2) / 0.5), 2: 0.7 * math.exp(-(0.5**2) / 0.5)}
    assert indices.tolist() == [0, 3, 2, 1]
    assert dets[:, 4].tolist() == pytest.approx([0.9, 0.6, lowered[2], lowered[1]])
    assert soft_nms(BOXES, SCORES, 0.7, method='naive', min_score=0.1)[1].tolist() == [0, 2, 3]


def test_soft_nms_drops_what_falls_below_the_smallest_score():
    assert soft_nms(BOXES, SCORES, 0.3, method='linear', min_score=0.2)[1].tolist() == [0, 3, 2]


def test_nms_match_groups_what_nms_would_drop():
    dets = torch.cat([BOXES, SCORES[:, None]], 1)
    assert [group.tolist() for group in nms_match(dets, 0.5)] == [[0, 1, 2], [3]]
    assert [group.tolist() for group in nms_match(dets, 0.6)] == [[0, 1], [2], [3]]
