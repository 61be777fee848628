"""Frames with 2D become the same frames with 3D."""

from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.lift import StreamLifter, latency
from pipeline.lift.build import build_lift
from pipeline.lift.camera import PinholeCamera
from pipeline.lift.stillness import Stillness
from pipeline.skeletons import load_skeleton
from pipeline.types import Frame, FrameResult, People
from tests.lift.toy import BODY, KnownBody

CAMERA = PinholeCamera.of_picture(640, 480)
PICTURE = np.zeros((480, 640, 3), np.uint8)


def result(index, ids, fps=30):
    people = People.empty(17)
    if ids:
        places = [np.array([i - 1.5 + 0.8 * index / fps, 0, 4.0]) for i in ids]
        keypoints = np.stack([CAMERA.project(BODY + place) for place in places]).astype(np.float32)
        people = People(
            np.zeros((len(ids), 4), np.float32),
            np.ones(len(ids), np.float32),
            keypoints,
            np.ones(keypoints.shape[:2], np.float32),
            np.array(ids, np.int64),
        )
    return FrameResult(Frame(index, index / fps, PICTURE), people)


def lifter(fps=30.0):
    return StreamLifter(KnownBody(), np.arange(17), fps, 0.0, 1.7)


def test_everybody_with_an_id_is_lifted_in_every_frame_and_in_order():
    ids = [[1], [1, 2], [1, -1]] + [[1, 2]] * 60 + [[]] * 3 + [[2]] * 20
    results = list(lifter().stream(result(i, who) for i, who in enumerate(ids)))
    assert [r.frame.index for r in results] == list(range(len(ids)))
    for r, who in zip(results, ids):
        joints = r.people.keypoints_3d
        assert joints.shape == (len(who), 17, 3)
        for person, track in zip(joints, who):
            if track < 0:
                assert np.isnan(person).all()
                continue
            place = [track - 1.5 + 0.8 * r.frame.time, 0, 4.0]
            assert person == pytest.approx(BODY + place, abs=0.03)


def test_a_lifter_sees_a_short_track_and_no_padding():
    shown = []

    class Notes(KnownBody):
        def lift(self, rays, scores, mirrored=True):
            shown.append(scores)
            return super().lift(rays, scores)

    stream = StreamLifter(Notes(), np.arange(17), 25.0, 0.0, 1.7)
    results = list(stream.stream(result(i, [1], 25) for i in range(10)))
    (scores,) = shown
    assert scores.shape == (10, 17) and (scores == 1).all()
    assert len(results) == 10 and np.isfinite(results[-1].people.keypoints_3d).all()


def test_no_frame_comes_later_than_promised():
    stream, late = lifter(), []
    for i in range(150):
        late += [i - r.frame.index for r in stream.push(result(i, [1]))]
    assert max(late) <= latency(30.0) and len(stream.flush()) <= latency(30.0)


def test_the_answer_does_not_depend_on_what_was_lifted_before():
    frames = [result(i, [1, 2]) for i in range(70)]
    first, stream = list(lifter().stream(iter(frames))), lifter()
    for _ in range(2):
        again = list(stream.stream(iter(frames)))
        for a, b in zip(first, again):
            np.testing.assert_array_equal(a.people.keypoints_3d, b.people.keypoints_3d)


def test_a_moving_background_is_noticed_and_a_moving_person_is_not():
    rng = np.random.default_rng(0)
    scene = np.kron(rng.integers(0, 255, (60, 120)), np.ones((8, 8))).astype(np.uint8)
    for pans, moves in ((0, False), (6, True)):
        still = Stillness()
        for i in range(30):
            picture = np.repeat(scene[:480, pans * i : pans * i + 640, None], 3, axis=2).copy()
            picture[100:400, 10 * i : 10 * i + 100] = 255 * (i % 2)
            box = np.array([[10 * i, 100, 10 * i + 100, 400]], np.float32)
            still.look(Frame(i, i / 10, picture), box)
        assert still.camera_moves is moves


def test_a_camera_that_moves_is_said_so_at_the_end(caplog):
    for moves in (True, False):
        stream = StreamLifter(
            KnownBody(), np.arange(17), 30.0, 0.0, 1.7, SimpleNamespace(look=lambda *_: None, camera_moves=moves)
        )
        caplog.clear()
        list(stream.stream(result(i, [1]) for i in range(3)))
        assert ('the background moves' in caplog.text) is moves


def test_a_skeleton_without_cocos_joints_is_refused_in_one_line(tmp_path, monkeypatch):
    weights = tmp_path / 'lifter.pth'
    weights.write_bytes(b'')
    monkeypatch.setattr('pipeline.lift.build.load_lifter', lambda *_: SimpleNamespace(keypoint_names=('nose', 'tail')))
    with pytest.raises(InputError, match='--3d: skeleton .* lacks tail'):
        build_lift(load_skeleton('coco'), checkpoint=weights)
