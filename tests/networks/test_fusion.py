"""Several estimators of one person: heat maps, votes on sides, and fused joints, by hand-computed numbers."""

import numpy as np
import pytest
import torch

from pipeline.networks.estimators.blazepose import FusedEstimator
from pipeline.networks.estimators.blazepose.crop import Crop
from pipeline.networks.estimators.blazepose.fusion import fuse, same_sides
from pipeline.networks.estimators.blazepose.heatmaps import refined
from pipeline.networks.estimators.blazepose.landmarks import BODY, POINTS
from pipeline.networks.estimators.blazepose.look import Pose, View
from pipeline.skeletons import load_skeleton
from pipeline.types import Frame

SWAP = list(load_skeleton('coco').flip_indices)


def test_landmark_moves_to_the_heat_maps_mean():
    """Two cells of sigmoid 3/4 and 1/4 side by side, all others as good as 0: a quarter of a cell past the first."""
    maps = np.full((64, 64, 39), -99.0)
    maps[20, 30, 5], maps[20, 31, 5] = np.log(3), -np.log(3)
    landmarks = np.full((39, 2), 122.0)
    landmarks[:, 1] = 82.0  # cell (30, 20) of 4 px
    moved = refined(landmarks, maps, 256)
    np.testing.assert_allclose(moved[5], [4 * 30.25, 4 * 20])
    np.testing.assert_allclose(np.delete(moved, 5, axis=0), np.delete(landmarks, 5, axis=0))


def test_landmark_stays_where_the_heat_map_is_unsure_or_far():
    maps = np.full((64, 64, 39), -99.0)
    maps[20, 30, 0] = -0.1  # below one half
    maps[20, 34, 1] = 5.0  # four cells away: outside the patch
    maps[0, 0, 2] = 5.0  # the landmark is left of the picture
    landmarks = np.tile([122.0, 82.0], (39, 1))
    landmarks[2] = -1.0, 2.0
    np.testing.assert_allclose(refined(landmarks, maps, 256), landmarks)


def test_two_that_agree_outweigh_a_third():
    poses = np.zeros((3, 1, 2))
    poses[1, 0, 0], poses[2, 0, 0] = 1.0, 60.0
    fused, sure = fuse(poses, np.full((3, 1), 0.9), reach=100.0)
    assert fused[0, 0] == pytest.approx(0.5, abs=1.0) and fused[0, 1] == 0
    assert sure[0] > 0.6


def test_scores_weigh_and_disagreement_lowers_the_score():
    poses = np.zeros((2, 1, 2))
    poses[1, 0, 0] = 4.0
    fused, _ = fuse(poses, np.array([[0.6], [0.2]]), reach=100.0)
    # weights s (0.02 + k s'), k = exp(-(4 / 6)^2 / 2)
    k = np.exp(-((4 / 6) ** 2) / 2)
    first, second = 0.6 * (0.02 + k * 0.2), 0.2 * (0.02 + k * 0.6)
    assert fused[0, 0] == pytest.approx(4 * second / (first + second))
    together = fuse(np.zeros((2, 1, 2)), np.full((2, 1), 0.8), 100.0)[1]
    apart = fuse(poses * 5, np.full((2, 1), 0.8), 100.0)[1]
    assert together[0] == pytest.approx(0.8) and apart[0] < 0.4


def test_mirror_image_is_outvoted():
    pose = np.random.default_rng(0).uniform(0, 100, (17, 2))
    pose[[5, 11], 0], pose[[6, 12], 0] = 70, 30
    poses, exchanged = same_sides([pose, pose[SWAP], pose + 1], [1, 1, 1.1])
    np.testing.assert_array_equal(exchanged, [False, True, False])
    np.testing.assert_allclose(poses[1], pose)
    # of two the one with more votes is right
    assert same_sides([pose[SWAP], pose], [1, 1.1])[1].tolist() == [True, False]


class Scripted:
    """A member that says what it was told to."""

    def __init__(self, pose):
        self.pose = pose

    def settle(self, view, picture):
        return self.pose


def scripted(all_points: bool, members, crop: Crop):
    """A fused estimator of scripted members, and whom it looks at."""
    estimator = object.__new__(FusedEstimator)
    torch.nn.Module.__init__(estimator)
    estimator.__dict__.update(
        members=[Scripted(pose) for pose in members], all_points=all_points, unconfirmed=0.5, gains=np.ones((3, 2))
    )
    frame = Frame(0, 0.0, np.zeros((400, 400, 3), np.uint8))
    return estimator, View(frame, crop)


@pytest.fixture
def two_opinions():
    """BlazePose's 33 points, and the 17 of another, which has everything 4 px further right."""
    generator = np.random.default_rng(1)
    points = generator.uniform(100, 300, (33, 2))
    return Pose(points, np.full(33, 0.9)), Pose(points[:BODY] + [4, 0], np.full(BODY, 0.9))


def test_feet_move_with_the_ankle_that_was_agreed_upon(two_opinions):
    crop = Crop(np.array([200.0, 200.0]), 125.0, 0.0)
    estimator, view = scripted(True, two_opinions, crop)
    pose = estimator.settle(view, None)
    assert np.allclose(pose.keypoints, two_opinions[0].keypoints + [2, 0])
    plain, _ = scripted(False, two_opinions, crop)
    assert (plain.settle(view, None).keypoints == pose.keypoints[:BODY]).all()


def test_points_come_in_the_order_of_the_skeleton(two_opinions):
    estimator, _ = scripted(True, two_opinions, Crop(np.array([200.0, 200.0]), 125.0, 0.0))
    keypoints, scores = estimator._given(two_opinions[0])
    assert (keypoints[list(POINTS)] == two_opinions[0].keypoints).all() and (scores == 0.9).all()
    keypoints, scores = estimator._given(two_opinions[1])  # BlazePose saw nobody
    names = load_skeleton('blazepose33').names
    assert (keypoints[names.index('left_heel')] == keypoints[names.index('left_ankle')]).all()
    assert scores[names.index('left_heel')] == 0 < scores[names.index('left_ankle')]
