"""From px to metres: the camera, the place of the person, resampling."""

import numpy as np
import pytest

from pipeline.lift.camera import PinholeCamera
from pipeline.lift.lifting import Lifting, evenly
from pipeline.lift.root import at_depth, place
from tests.lift.toy import BODY, KnownBody

CAMERA = PinholeCamera(1000.0, 639.5, 359.5)


def test_rays_and_px_are_each_others_inverse():
    points = np.array([[0.5, -0.2, 4.0], [0.0, 0.0, 2.0]])
    assert CAMERA.project(points) == pytest.approx(np.array([[764.5, 309.5], [639.5, 359.5]]))
    assert CAMERA.rays(CAMERA.project(points)) == pytest.approx(points[:, :2] / points[:, 2:], abs=1e-6)


def test_the_usual_field_of_view_is_68_degrees_from_corner_to_corner():
    camera = PinholeCamera.of_picture(1280, 720)
    corner = camera.rays(np.array([camera.x - 640, camera.y - 360]))
    assert 2 * np.degrees(np.arctan(np.linalg.norm(corner))) == pytest.approx(68, abs=0.01)
    assert PinholeCamera.of_picture(1280, 720, 1234).focal == 1234


def test_a_pose_is_placed_where_its_rays_say():
    where = np.array([[0.4, -0.3, 5.0], [-1.0, 0.2, 2.5]])
    joints = np.repeat(BODY[None], 2, axis=0)
    points = joints + where[:, None]
    rays, weights = points[..., :2] / points[..., 2:], np.ones((2, 17))
    assert place(joints, rays, weights) == pytest.approx(where, abs=1e-9)
    assert at_depth(joints, rays, weights, where[:, 2]) == pytest.approx(where, abs=1e-9)
    # a wrong joint without a score has no say
    rays[:, 9] += 0.3
    weights[:, 9] = 0
    assert place(joints, rays, weights) == pytest.approx(where, abs=1e-9)


def test_rays_that_tell_no_distance_give_none():
    assert np.isnan(place(BODY[None], np.zeros((1, 17, 2)), np.ones((1, 17)))[0]).all()


def test_who_is_said_to_be_taller_is_farther_away_in_proportion():
    time = np.arange(40) / 25
    where = np.stack([0.3 * time, np.zeros(40), np.full(40, 4.0)], axis=1)
    keypoints = CAMERA.project(BODY + where[:, None]).astype(np.float32)
    for height in (1.7, 1.36):
        joints, root = Lifting(KnownBody(), CAMERA, height)(keypoints, np.ones((40, 17)), time)
        assert joints == pytest.approx(np.repeat(BODY[None] * height / 1.7, 40, axis=0), abs=1e-5)
        assert root == pytest.approx(where * height / 1.7, abs=2e-3)


@pytest.mark.parametrize('fps', [10, 25, 29.97, 60])
def test_a_steady_motion_is_the_same_at_every_rate(fps):
    time = np.arange(int(2 * fps)) / fps
    rays = np.broadcast_to((0.1 * np.sin(2 * time))[:, None, None], (len(time), 17, 2)).astype(np.float32)
    even, read, scores = evenly(rays, np.full((len(time), 17), 0.7), time, 25.0)
    assert np.diff(even) == pytest.approx(0.04)
    inside = even <= time[-1]
    assert read[inside, 0, 0] == pytest.approx(0.1 * np.sin(2 * even[inside]), abs=1e-3)
    assert scores == pytest.approx(0.7)


def test_one_frame_is_lifted_too():
    keypoints = CAMERA.project(BODY + [0, 0, 3.0])[None]
    joints, root = Lifting(KnownBody(), CAMERA)(keypoints, np.ones((1, 17)), np.array([0.5]))
    assert joints.shape == (1, 17, 3) and root == pytest.approx(np.array([[0, 0, 3.0]]), abs=1e-3)


def test_a_picture_an_hour_later_costs_nothing():
    times = np.array([0.0, 0.04, 3600.0])
    even, rays, _ = evenly(np.zeros((3, 17, 2), np.float32), np.ones((3, 17)), times, 25.0)
    assert len(even) == len(rays) == 3
    keypoints = CAMERA.project(np.repeat((BODY + [0, 0, 3.0])[None], 3, axis=0))
    joints, root = Lifting(KnownBody(), CAMERA)(keypoints, np.ones((3, 17)), times)
    assert joints == pytest.approx(np.repeat(BODY[None], 3, axis=0), abs=1e-3) and root[:, 2] == pytest.approx(
        3.0, abs=0.01
    )
