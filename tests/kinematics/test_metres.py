"""Pixels as metres, by figures and cameras whose sizes are known."""

import cv2
import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.kinematics.metres import ANKLE_TO_SHOULDER, Camera, MetreOptions, MetreScale, Plane, on_floor
from pipeline.skeletons import load_skeleton
from pipeline.types import People

SKELETON = load_skeleton('coco')


def figure(stature: float, at: float = 300.0) -> np.ndarray:
    """``(17, 2)`` px: somebody upright, ``stature`` px tall."""
    pose = np.zeros((17, 2))
    heights = {5: 0.818, 6: 0.818, 11: 0.53, 12: 0.53, 13: 0.285, 14: 0.285, 15: 0.039, 16: 0.039}
    for joint, share in heights.items():
        pose[joint] = at, 900 - share * stature
    return pose


def people(*poses) -> People:
    count = len(poses)
    boxes = np.array([[p[:, 0].max() - 100, 900 - 2 * (900 - p[5, 1]), p[:, 0].max(), 900] for p in poses], np.float32)
    ones = np.ones((count, 17), np.float32)
    return People(boxes, ones[:, 0], np.stack(poses).astype(np.float32), ones, np.arange(1, count + 1))


def test_a_scale_counts_from_the_lower_left_pixel():
    plane = Plane.of_scale(200, 481)
    np.testing.assert_allclose(
        plane.metres([[0, 480], [200, 480], [100, 80], [np.nan, 1]])[:3], [[0, 0], [1, 0], [0.5, 2]]
    )
    assert np.isnan(plane.metres([[np.nan, 1.0]])).any()
    assert plane.metres_per_pixel(np.array([77.0, 5.0])) == pytest.approx(1 / 200)


@pytest.mark.parametrize('way', [1, -1])
def test_a_floor_line_gives_origin_direction_and_tilt(way):
    # a floor that falls by 3 px on 4, walked along in either direction
    start = np.array([400.0, 300.0])
    along = way * np.array([0.8, 0.6])
    plane = Plane.of_scale(100, 1000, (*start, *(start + 50 * along)))
    up = np.array([0.6, -0.8])
    np.testing.assert_allclose(
        plane.metres([start, start + 200 * along, start + 100 * up]), [[0, 0], [2, 0], [0, 1]], atol=1e-9
    )


def test_stature_of_the_main_person_sets_the_scale_for_all():
    scale = MetreScale(MetreOptions(person_height=1.8), SKELETON, 1000)
    for i in range(20):
        scale.add(people(figure(360 if i % 2 else 250), figure(90, at=800)))
    for track_id in (1, 2):
        metres = scale.plane(track_id).metres(figure(360))
        assert metres[5, 1] - metres[15, 1] == pytest.approx(1.8 * ANKLE_TO_SHOULDER, rel=0.02)


def test_nobody_in_full_gives_no_scale():
    scale = MetreScale(MetreOptions(person_height=1.8), SKELETON, 1000)
    hidden = people(figure(300))
    hidden.keypoint_scores[:, 13:] = 0
    scale.add(hidden)
    with pytest.raises(InputError, match='nobody is seen from ankles to shoulders'):
        scale.plane(1)
    for options in (MetreOptions(), MetreOptions(person_height=1.8, scale=100)):
        with pytest.raises(InputError, match='one of --person-height, --scale and --calibration'):
            MetreScale(options, SKELETON, 1000)


@pytest.fixture
def camera() -> Camera:
    """1.5 m up, 5 m in front of the wall x = 0, looking along x and 10 degrees down."""
    tilt = np.radians(10)
    ahead = np.array([np.cos(tilt), 0, -np.sin(tilt)])
    right = np.array([0.0, -1.0, 0.0])
    rotation = np.stack([right, np.cross(ahead, right), ahead])
    K = np.array([[1000.0, 0, 500], [0, 1000, 400], [0, 0, 1]])
    return Camera(K, np.array([-0.1, 0.02, 0, 0]), rotation, -rotation @ [-5, 0, 1.5])


def seen(camera: Camera, world) -> np.ndarray:
    turn = cv2.Rodrigues(camera.R)[0]
    return cv2.projectPoints(np.array(world, float), turn, camera.T, camera.K, camera.distortion)[0][:, 0]


def test_a_calibrated_camera_measures_where_the_feet_are(camera):
    feet = [[1.0, 0.3, 0], [1.0, -0.4, 0]]
    np.testing.assert_allclose(on_floor(camera, seen(camera, feet)), feet, atol=1e-6)
    plane = Plane.of_camera(camera, seen(camera, feet))
    # in the plane x = 1: to the right is -y, and z is up
    body = [[1, 0.3, 0], [1, -0.7, 1.7], [1, 0, 0.9]]
    np.testing.assert_allclose(plane.metres(seen(camera, body)), [[-0.3, 0], [0.7, 1.7], [0, 0.9]], atol=1e-5)


def test_feet_over_the_horizon_are_on_no_floor(camera):
    # without a warning, which would fail this test: the plane goes through the world's origin then
    beyond = Plane.of_camera(camera, np.array([[500.0, 0.0]]))
    np.testing.assert_allclose(beyond.matrix, Plane.of_camera(camera, np.zeros((0, 2))).matrix)


def test_a_camera_that_looks_down_has_no_upright_plane(camera):
    down = np.stack([[1.0, 0, 0], [0, -1.0, 0], [0, 0, -1.0]])
    with pytest.raises(InputError, match='straight down'):
        Plane.of_camera(Camera(camera.K, camera.distortion, down, np.array([0, 0, 3.0])), np.zeros((1, 2)))
