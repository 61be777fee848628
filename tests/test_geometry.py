"""Similarities, duplicates and assignment against numbers computed by hand."""

import numpy as np
import pytest

from pipeline.geometry import areas, box_containment, box_iou, pose_oks
from pipeline.tracking.association import assign
from pipeline.tracking.duplicates import nested_matrix, pose_agreement, suppress
from pipeline.types import People

BOXES = np.array([[0.0, 0, 10, 10], [5, 0, 15, 10], [2, 2, 4, 4], [20, 20, 30, 30]])


def test_areas():
    np.testing.assert_array_equal(areas(BOXES), [100, 100, 4, 100])
    assert areas(np.array([[10.0, 0, 0, 10]])) == [0]


def test_iou_and_containment():
    np.testing.assert_allclose(box_iou(BOXES[:1], BOXES)[0], [1, 50 / 150, 4 / 100, 0])
    np.testing.assert_allclose(box_containment(BOXES[:1], BOXES)[0], [1, 0.5, 1, 0])
    empty = np.zeros((1, 4))
    assert box_iou(empty, BOXES).sum() == box_containment(empty, BOXES).sum() == 0


def test_oks_is_coco_s():
    # one of two joints is off by 2 sigma * size: exp(-1/2); both are as sure
    pose, other = np.zeros((1, 2, 2)), np.array([[[0.0, 0], [3, 4]]])
    sure, scale, sigmas = np.full((1, 2), 0.7), np.array([[50.0]]), np.array([0.05, 0.05])
    oks = pose_oks(pose, other, sure, sure, scale, sigmas)
    assert oks[0, 0] == pytest.approx((1 + np.exp(-0.5)) / 2)
    # uncertainty of as much again doubles the variance
    oks = pose_oks(pose, other, sure, sure, scale, sigmas, variance=np.full((1, 2), 25.0))
    assert oks[0, 0] == pytest.approx((1 + np.exp(-0.25)) / 2)


def test_oks_weighs_joints_by_the_confidence_of_both():
    pose, other = np.zeros((1, 2, 2)), np.array([[[0.0, 0], [1e6, 0]]])
    weights = np.array([[0.8, 0.2]]), np.array([[0.2, 0.05]])
    oks = pose_oks(pose, other, *weights, np.array([[50.0]]), np.array([0.05, 0.05]))
    assert oks[0, 0] == pytest.approx(0.4 / (0.4 + 0.1))
    in_common = pose_oks(pose, other, np.array([[1.0, 0]]), np.array([[0, 1.0]]), np.array([[50.0]]), np.full(2, 0.05))
    assert in_common[0, 0] == 0


def test_duplicates():
    poses = np.zeros((4, 3, 2))
    poses[3] += 100
    people = People(
        BOXES.astype(np.float32), np.ones(4, np.float32), poses.astype(np.float32), np.full((4, 3), 0.9, np.float32)
    )
    agreement = pose_agreement(people, np.full(3, 0.05))
    np.testing.assert_allclose(agreement[:3, :3], 1)
    np.testing.assert_allclose(agreement[3, :3], 0, atol=1e-9)
    assert nested_matrix(people, 0.9)[0].tolist() == [True, False, True, False]


def test_suppression_is_greedy_in_the_given_order():
    same = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], bool)  # a chain: 0 - 1 - 2
    assert suppress(same, np.array([0, 1, 2])).tolist() == [True, False, True]
    assert suppress(same, np.array([1, 0, 2])).tolist() == [False, True, False]


def test_assignment_is_optimal_and_keeps_the_threshold():
    similarity = np.array([[0.9, 0.8], [0.8, 0.1]])
    seen = np.zeros(2)
    assert assign(similarity, 0.2, seen) == [(0, 1), (1, 0)]  # greedy would take 0.9 and leave 0.1
    assert assign(similarity, 0.85, seen) == [(0, 0)]
    assert assign(np.zeros((2, 2)), 0.0, seen) == []


def test_of_two_tracks_as_similar_the_one_just_seen_continues():
    similarity = np.array([[0.6], [0.6]])
    assert assign(similarity, 0.2, np.array([0.5, 0.0])) == [(1, 0)]
    assert assign(similarity, 0.2, np.array([0.0, 0.5])) == [(0, 0)]
    # fading decides between tracks only: a lost one alone is found again at the same similarity
    assert assign(similarity[:1], 0.6, np.array([10.0])) == [(0, 0)]
