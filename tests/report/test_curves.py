"""Speed, acceleration and angles by hand."""

from fractions import Fraction

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.formats import PoseFile, PoseFrame
from pipeline.report.curves import motion, shown_angles, track_curves
from pipeline.skeletons import Skeleton, load_skeleton
from pipeline.types import People, VideoInfo

LEG = Skeleton(
    'leg',
    ('left_hip', 'left_knee', 'left_ankle'),
    ((0, 1), (1, 2)),
    (0, 1, 2),
    np.full(3, 0.05, np.float32),
    ('left',) * 3,
)
VIDEO = VideoInfo('clip', 640, 480, Fraction(10))


def frame(index, time, *rows):
    """Rows of track id, x of all joints, filled, score."""
    if not rows:
        return PoseFrame(index, time, People.empty(3))
    keypoints = np.array([[[x, 0], [x, 10], [x, 20]] for _, x, *_ in rows], np.float32)
    boxes = np.tile(np.array([[0, 0, 5, 5]], np.float32), (len(rows), 1))
    return PoseFrame(
        index,
        time,
        People(
            boxes,
            np.ones(len(rows), np.float32),
            keypoints,
            np.array([[score] * 3 for *_, score in rows], np.float32),
            np.array([r[0] for r in rows], np.int64),
            keypoints + 1,
            filled=np.array([r[2] for r in rows]),
        ),
    )


def poses(*frames, skeleton=LEG):
    return PoseFile(list(frames), skeleton, VIDEO, {})


@pytest.mark.parametrize('time', [np.arange(6) / 10, np.array([0, 0.1, 0.15, 0.4, 0.41, 1.0])])
def test_a_parabola_has_its_acceleration_whatever_the_rate(time):
    # x = 3 t^2 and y = 4 t^2: acceleration (6, 8), 10 in all
    moved = motion(np.stack([3 * time**2, 4 * time**2], axis=1)[:, None], time, np.zeros((6, 0)))
    assert np.isnan(moved.acceleration[[0, -1]]).all() and np.isnan(moved.speed[[0, -1]]).all()
    np.testing.assert_allclose(moved.acceleration[1:-1, 0], 10, rtol=1e-9)
    # central difference of t^2: t[i-1] + t[i+1], times 5
    np.testing.assert_allclose(moved.speed[1:-1, 0], 5 * (time[:-2] + time[2:]), rtol=1e-9)


def test_even_motion_has_no_acceleration():
    moved = motion(np.arange(5)[:, None, None] * np.array([3.0, -4.0]), np.arange(5) * 0.5, np.zeros((5, 0)))
    np.testing.assert_allclose(moved.speed[1:-1], 10)
    np.testing.assert_allclose(moved.acceleration[1:-1], 0, atol=1e-12)


def test_only_angles_whose_joints_are_there():
    assert [angle.name for angle in shown_angles(LEG)] == ['left_knee']
    names = [angle.name for angle in shown_angles(load_skeleton('coco'))]
    assert 'trunk' in names and 'left_shank' not in names and len(names) == 9


def test_tracks_are_told_apart_and_gaps_stay_gaps():
    first, second = track_curves(
        poses(
            frame(0, 0.0, (2, 5, False, 1)),
            frame(1, 0.1, (1, 0, False, 1), (2, 5, False, 1)),
            frame(2, 0.2),
            frame(3, 0.3, (1, 30, False, 1)),
        )
    )
    assert (first.track_id, first.first, second.track_id, second.first) == (1, 1, 2, 0)
    assert first.present.tolist() == [True, False, True] and first.time.tolist() == [0.1, 0.2, 0.3]
    assert first.after.position[:, 0, 0].tolist() == [0, pytest.approx(np.nan, nan_ok=True), 30]
    assert np.isnan(first.scores[1]).all() and np.isnan(first.boxes[1]).all()
    assert len(second.time) == 2 and np.isnan(second.after.speed).all()


def test_what_was_bridged_or_unseen_has_no_before():
    (track,) = track_curves(
        poses(
            frame(0, 0.0, (1, 0, False, 1)),
            frame(1, 0.1, (1, 1, True, 1)),
            frame(2, 0.2, (1, 2, False, 0)),
            frame(3, 0.3, (1, 3, False, 1)),
        )
    )
    assert track.filled.tolist() == [False, True, False, False]
    np.testing.assert_array_equal(track.after.position[:, 0, 0], [0, 1, 2, 3])
    np.testing.assert_array_equal(track.before.position[:, 0, 0], [1, np.nan, np.nan, 4])


@pytest.mark.parametrize(
    'content, message',
    [
        (poses(skeleton=None), 'do not name their joints'),
        (poses(frame(0, float('nan'))), 'need times that increase'),
        (poses(frame(0, 0.1), frame(1, 0.1)), 'need times that increase'),
        (poses(frame(0, 0.0, (-1, 0, False, 1))), 'without a track id'),
    ],
)
def test_unfit_poses_are_refused(content, message):
    with pytest.raises(InputError, match=message):
        track_curves(content)


def test_nobody_gives_no_curves():
    assert track_curves(poses(frame(0, 0.0), frame(1, 0.1))) == []
