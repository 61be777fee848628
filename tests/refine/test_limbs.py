"""Further points behind a refiner: they move with their limb, and tremble less against it."""

import numpy as np
import pytest

from pipeline.refine import build_refiner
from pipeline.refine.filters import NoSmoother
from pipeline.refine.limbs import LimbSmoother
from pipeline.refine.smoother import smooth_track
from pipeline.skeletons import load_skeleton

SKELETON = load_skeleton('blazepose33')
TOE, ANKLE = SKELETON.index('left_foot_index'), SKELETON.index('left_ankle')


class Shifted(NoSmoother):
    """A network that moves joint 0 by 5 px and leaves joint 1 as it is; answers one pose late."""

    network, lookahead = 'Shifted', 1

    def in_picture(self, width, height):
        return self

    def open(self):
        self.held = []
        return self

    def push(self, keypoints, scores, time):
        self.held.append(keypoints + [[5, 0], [0, 0]])
        return [self.held.pop(0)] if len(self.held) > 1 else []

    def close(self):
        return self.held


def test_a_point_moves_as_far_as_its_joint():
    hangs_on = np.array([[1.0, 0.0], [1.0, 0.0]])
    smoother = LimbSmoother(Shifted(), np.array([1]), hangs_on, NoSmoother())
    poses = np.array([[[10 * t, 0], [10 * t + 3, 4]] for t in range(5)], np.float32)
    smooth = smooth_track(smoother, poses, np.ones((5, 2)), np.arange(5) / 30)
    assert np.allclose(smooth, poses + [5, 0])
    assert smooth_track(smoother.in_picture(10, 10), poses, np.ones((5, 2)), np.arange(5) / 30).shape == (5, 2, 2)


@pytest.fixture(scope='module')
def walk():
    """60 frames of a figure that walks 4 px a frame and whose toe trembles by 2 px, at 30 fps."""
    generator = np.random.default_rng(0)
    body = generator.uniform(100, 300, (33, 2))
    body[TOE] = body[ANKLE] + [20, 10]
    poses = body + 4 * np.arange(60)[:, None, None] * [1, 0]
    poses[:, TOE] += generator.normal(0, 2, (60, 2))
    return poses.astype(np.float32), np.full((60, 33), 0.9, np.float32), np.arange(60) / 30


def test_the_default_refiner_takes_33_points_and_smooths_the_feet(walk):
    poses, scores, times = walk
    smoother = build_refiner('hanet', SKELETON, device='cpu').smoother
    smooth = smooth_track(smoother, poses, scores, times)

    def trembling(track):
        return np.linalg.norm(np.diff(track[:, TOE] - track[:, ANKLE], n=2, axis=0), axis=1).mean()

    assert smooth.shape == poses.shape
    assert trembling(smooth) < 0.3 * trembling(poses)


def test_the_bodys_17_are_what_the_refiner_makes_of_them_alone(walk):
    poses, scores, times = walk
    from pipeline.layouts import body_joints

    rows = body_joints(SKELETON)
    whole = smooth_track(build_refiner('hanet', SKELETON, device='cpu').smoother, poses, scores, times)
    alone = build_refiner('hanet', load_skeleton('coco'), device='cpu').smoother
    assert (whole[:, rows] == smooth_track(alone, poses[:, rows], scores[:, rows], times)).all()
