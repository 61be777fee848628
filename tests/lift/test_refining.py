"""A refiner of lifted poses: what it is shown, what it changes, and which files are none."""

from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.lift import StreamLifter, latency
from pipeline.lift.build import build_lift
from pipeline.lift.camera import PinholeCamera
from pipeline.lift.lifting import Lifting, evenly
from pipeline.lift.refining import LEAST_SCORE, least_scores, load_space_refiner
from pipeline.networks.refiners.sequence_refiner import SequenceRefiner, save_refiner
from pipeline.pipeline import VideoPipeline
from pipeline.refine import build_refiner
from pipeline.skeletons import load_skeleton
from tests.batch.toy_chain import ToyDetector, ToyEstimator
from tests.lift.test_stream import result
from tests.lift.toy import BODY, NAMES, KnownBody, Subtracts, space_refiner

CAMERA = PinholeCamera(1000.0, 639.5, 359.5)
ERROR = np.zeros((17, 3))
ERROR[0] = [0.02, 0.0, 0.15]  # the nose's
PLACE = np.array([0.2, -0.1, 4.0])


def seen(frames, fps=25.0):
    """A body that stands still: keypoints, scores, times."""
    keypoints = np.repeat(CAMERA.project(BODY + PLACE)[None], frames, axis=0).astype(np.float32)
    return keypoints, np.ones((frames, 17), np.float32), np.arange(frames) / fps


def stream(refiner, fps=30.0, height=1.7):
    return StreamLifter(KnownBody(ERROR), np.arange(17), fps, 0.0, height, refiner=refiner)


def nose_off(results, height=1.7):
    """How far the nose of track 1 is from where it is, relative to the hips, ``(T,)`` m."""
    poses = np.stack([r.people.keypoints_3d[0] for r in results])
    nose = poses[:, 0] - poses[:, 11:13].mean(1)
    return np.linalg.norm(nose - BODY[0] * height / 1.7, axis=1)


@pytest.mark.parametrize('height', [1.7, 1.36])
@pytest.mark.parametrize('fps', [12.0, 25.0, 60.0])
def test_an_error_that_the_network_knows_is_gone_from_the_whole_track(fps, height):
    frames = [result(i, [1], fps) for i in range(int(3.5 * fps))]
    alone = list(stream(None, fps, height).stream(iter(frames)))
    refined = list(stream(space_refiner(Subtracts(ERROR)), fps, height).stream(iter(frames)))
    assert nose_off(alone, height).min() > 0.1
    assert nose_off(refined, height).max() < 0.01
    assert [r.frame.index for r in refined] == list(range(len(frames)))


@pytest.mark.parametrize('frames', [2, 3, 20])
def test_short_tracks_are_refined_and_padded_with_score_0(frames):
    network = Subtracts(ERROR)
    results = list(stream(space_refiner(network)).stream(result(i, [1]) for i in range(frames)))
    assert len(results) == frames and nose_off(results).max() < 0.01
    ((_, scores, _),) = network.given
    there = 1 + int(np.ceil((frames - 1) / 30 * 25))
    assert (scores[0, :there] == 1).all() and (scores[0, there:] == 0).all()


def test_a_single_pose_is_no_motion_and_stays_as_it_was_lifted():
    network = Subtracts(ERROR)
    (only,) = stream(space_refiner(network)).stream(iter([result(0, [1])]))
    assert not network.given and nose_off([only]).max() > 0.1


def test_a_window_of_the_chain_is_one_of_the_network():
    refiner = space_refiner(Subtracts(ERROR))
    for fps in (5, 12, 24, 25, 29.97, 30, 50, 59.94, 60, 120):
        frames = refiner.frames(fps)
        for more, fits in ((0, True), (1, False)):
            keypoints, scores, times = seen(frames + more, fps)
            even, _, _ = evenly(CAMERA.rays(keypoints), scores, times, 25.0)
            assert (len(even) <= 51) is fits
        assert latency(fps, refiner) == frames - 1 > latency(fps) or fps < 12
    assert latency(25, space_refiner(Subtracts(ERROR, window=16))) == latency(25)  # windows never become shorter


def test_every_window_of_a_stream_is_full_and_no_frame_comes_later_than_promised():
    network = Subtracts(ERROR)
    refiner = space_refiner(network)
    lifter, late = stream(refiner), []
    for i in range(150):
        late += [i - r.frame.index for r in lifter.push(result(i, [1]))]
    assert max(late) == latency(30.0, refiner) and len(lifter.flush()) <= latency(30.0, refiner)
    assert len(network.given) == 1 + int(np.ceil((150 - 61) / 12))  # a window every 0.4 s, and the last
    assert all((scores == 1).all() for _, scores, _ in network.given)


def test_tracks_are_refined_apart():
    both = [result(i, [1, 2]) for i in range(90)]
    refiner = space_refiner(Subtracts(ERROR))
    together = list(stream(refiner).stream(iter(both)))
    for row, track in enumerate((1, 2)):
        alone = stream(refiner).stream(result(i, [track]) for i in range(90))
        for a, b in zip(together, alone):
            np.testing.assert_array_equal(a.people.keypoints_3d[row], b.people.keypoints_3d[0])


def test_the_network_sees_metres_at_the_lifters_rate_whatever_the_video_and_the_height():
    for fps, height in ((25.0, 1.7), (60.0, 1.2)):
        network = Subtracts(ERROR)
        lifting = Lifting(KnownBody(ERROR), CAMERA, height, refiner=space_refiner(network))
        joints, _ = lifting(*seen(int(2 * fps) + 1, fps))
        ((given, scores, rate),) = network.given
        assert given[0].reshape(51, 17, 3) == pytest.approx(np.repeat((BODY + ERROR)[None], 51, 0), abs=1e-5)
        assert (scores == 1).all() and rate == pytest.approx(25.0)
        assert joints == pytest.approx(np.repeat(BODY[None] * height / 1.7, len(joints), 0), abs=1e-4)


@pytest.mark.parametrize('frames', [51, 64, 130])
def test_pieces_of_any_length_are_cut_into_the_networks_windows(frames):
    network = Subtracts(ERROR)
    joints = np.random.default_rng(0).normal(0, 0.3, (frames, 17, 3)).astype(np.float32)
    joints -= joints[:, 11:13].mean(1, keepdims=True)
    refined = space_refiner(network)(joints, np.ones((frames, 17)), np.arange(frames) / 25)
    assert refined == pytest.approx(joints - ERROR, abs=1e-5)
    assert len(network.given) == 1 + int(np.ceil((frames - 51) / 25))


def test_answers_are_relative_to_the_hips_again():
    shifted = np.ones((17, 3)) * [0.3, 0, 0]
    joints = np.repeat(BODY[None], 60, axis=0)
    refined = space_refiner(Subtracts(shifted))(joints, np.ones((60, 17)), np.arange(60) / 25)
    assert refined == pytest.approx(joints, abs=1e-5)


def test_a_joint_that_was_not_seen_keeps_what_the_lifter_says():
    joints = np.repeat(BODY[None], 60, axis=0)
    joints[20:40, 9, 2] -= 0.4  # a hand comes forward, hidden
    scores = np.ones((60, 17))
    scores[20:40, 9] = 0
    network = Subtracts(np.zeros((17, 3)))
    assert space_refiner(network)(joints, scores, np.arange(60) / 25) == pytest.approx(joints, abs=1e-5)
    told = least_scores(scores)
    assert told[30, 9] == np.float32(LEAST_SCORE) and told[0, 9] == 1
    assert (least_scores(np.zeros((2, 17))) == 0).all()  # padding


def test_pictures_that_are_seconds_apart_are_no_motion_and_stay():
    network = Subtracts(ERROR)
    lifting = Lifting(KnownBody(ERROR), CAMERA, refiner=space_refiner(network))
    keypoints, scores, _ = seen(3)
    joints, _ = lifting(keypoints, scores, np.array([0.0, 0.04, 3600.0]))
    assert not network.given
    assert joints == pytest.approx(np.repeat((BODY + ERROR)[None], 3, axis=0), abs=1e-3)


def save(path, names=NAMES, dims=3):
    backbone = dict(type='SmoothNet', num_keypoints=len(names), dims=dims, window=8, embed_dims=8, hidden_dims=4)
    config = dict(backbone=backbone, normaliser=dict(type='RootNormaliser', root=[0]), keypoint_names=list(names))
    save_refiner(path, SequenceRefiner(**config), config)
    return path


def test_what_is_no_refiner_of_lifted_poses_is_one_line(tmp_path):
    cases = {
        save(tmp_path / 'flat.pth', dims=2): 'flat.pth: refines 2 coordinates of a joint; lifted poses have 3',
        save(tmp_path / 'tail.pth', NAMES[:-1] + ['tail']): "tail.pth: refines .*, tail; lifted poses have COCO's 17",
        save(tmp_path / 'few.pth', NAMES[:5]): "few.pth: refines .* lifted poses have COCO's 17",
        tmp_path / 'none-such.pth': '--refiner-3d .*none-such.pth: no such weights',
        'gaussian': "--refiner-3d 'gaussian': must be hanet, none or a checkpoint",
    }
    for spec, said in cases.items():
        with pytest.raises(InputError, match=said) as raised:
            load_space_refiner(spec, NAMES, 25.0)
        assert '\n' not in str(raised.value)


def test_weights_that_come_with_the_package_have_a_name_and_none_is_none(tmp_path, monkeypatch):
    where = tmp_path / 'hanet.pth'
    monkeypatch.setattr('pipeline.lift.refining.shipped', lambda name: where)
    with pytest.raises(InputError, match='--refiner-3d hanet: no such weights'):
        load_space_refiner('hanet', NAMES, 25.0)
    save(where)
    for spec in ('hanet', where):
        assert load_space_refiner(spec, NAMES, 25.0).checkpoint == where
    for spec in (None, 'none'):
        assert load_space_refiner(spec, NAMES, 25.0) is None


def test_the_networks_of_3d_are_where_the_chain_is(tmp_path, monkeypatch):
    where = {}
    monkeypatch.setattr('pipeline.pipeline.check_device', lambda *_: 'cuda:3')  # which this machine need not have
    monkeypatch.setattr('pipeline.pipeline.build_detector', lambda *_: ToyDetector())
    monkeypatch.setattr('pipeline.pipeline.build_estimator', lambda *_: ToyEstimator())
    monkeypatch.setattr('pipeline.pipeline.build_refiner', lambda *_: build_refiner('none', load_skeleton('coco')))
    lifter = SimpleNamespace(keypoint_names=tuple(NAMES), joint_names=tuple(NAMES), rate=25.0)
    monkeypatch.setattr('pipeline.lift.build.load_lifter', lambda _, device: where.update(lifter=device) or lifter)
    monkeypatch.setattr('pipeline.lift.build.load_space_refiner', lambda *given: where.update(refiner=given[-1]))
    VideoPipeline.from_preset('embedded', 'cuda:3', three_d=True, random_weights=True)
    assert where == dict(lifter='cuda:3', refiner='cuda:3')


def test_the_chain_gets_it_and_its_record_names_it(tmp_path, monkeypatch):
    lifter = SimpleNamespace(keypoint_names=tuple(NAMES), joint_names=tuple(NAMES), rate=25.0)
    monkeypatch.setattr('pipeline.lift.build.load_lifter', lambda *_: lifter)
    mine = save(tmp_path / 'mine.pth')
    with_it, without = (build_lift(load_skeleton('coco'), refiner=refiner) for refiner in (str(mine), 'none'))
    assert with_it.record['refiner_3d'] == str(mine) and without.record['refiner_3d'] == 'none'
    assert with_it.stream(30.0)._refiner is with_it.refiner and without.refiner is None
    assert with_it.latency(30.0) == latency(30.0, with_it.refiner)
