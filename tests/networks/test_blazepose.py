"""BlazePose's square, landmarks and second looks by hand-computed numbers; the real model on real people."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS
from torch import nn

from pipeline.assets import fetch
from pipeline.detection import PersonDetector
from pipeline.errors import InputError
from pipeline.estimation import PoseEstimator
from pipeline.networks.estimators.blazepose.crop import Crop
from pipeline.networks.estimators.blazepose.landmarks import COCO_LANDMARKS, to_coco
from pipeline.networks.estimators.blazepose.look import View, deviation, interpret
from pipeline.skeletons import load_skeleton
from pipeline.types import Detections, Frame
from pipeline.video import open_source
from pipeline.video.yuv import YuvPicture

SWAP = list(load_skeleton('coco').flip_indices)


def figure(turn: float = 0.0) -> np.ndarray:
    """``(17, 2)``: hips around (200, 200), shoulders 60 px above, ankles 100 px below; turned clockwise."""
    pose = np.array(
        [
            [0, -90],
            [3, -93],
            [-3, -93],
            [6, -92],
            [-6, -92],
            [20, -60],
            [-20, -60],
            [30, -30],
            [-30, -30],
            [35, 0],
            [-35, 0],
            [12, 0],
            [-12, 0],
            [14, 50],
            [-14, 50],
            [15, 100],
            [-15, 100],
        ],
        float,
    )
    cos, sin = np.cos(turn), np.sin(turn)
    return pose @ np.array([[cos, sin], [-sin, cos]]) + 200


def mapped(matrix: np.ndarray, *point: float) -> np.ndarray:
    return matrix[:, :2] @ point + matrix[:, 2]


# the square


def test_square_around_an_upright_pose():
    crop = Crop.around_pose(figure(), np.ones(17), 1.25)
    np.testing.assert_allclose(crop.centre, [200, 200])
    reach = np.hypot(15, 100)  # an ankle is farthest: more than 1.5 torsos (90 px)
    assert crop.radius == pytest.approx(1.25 * reach) and crop.angle == 0
    matrix = crop.matrix(256)
    np.testing.assert_allclose(mapped(matrix, 200, 200), [127.5, 127.5])
    np.testing.assert_allclose(mapped(matrix, 200, 200 - crop.radius), [127.5, -0.5])
    np.testing.assert_allclose(mapped(matrix, 200 + crop.radius, 200), [255.5, 127.5])


@pytest.mark.parametrize('degrees', [90, -60, 180, 20])
def test_square_turns_with_the_body(degrees):
    crop = Crop.around_pose(figure(np.deg2rad(degrees)), np.ones(17), 1.25)
    assert (np.rad2deg(crop.angle) - degrees) % 360 == pytest.approx(0, abs=1e-6) or (
        np.rad2deg(crop.angle) - degrees
    ) % 360 == pytest.approx(360)
    upright = Crop.around_pose(figure(), np.ones(17), 1.25).matrix(256)
    matrix = crop.matrix(256)
    for turned, straight in zip(figure(np.deg2rad(degrees)), figure()):
        np.testing.assert_allclose(mapped(matrix, *turned), mapped(upright, *straight), atol=1e-9)


def test_lying_to_the_right():
    """Shoulders to the right of the hips: the frame's right is the square's up."""
    matrix = Crop(np.array([50.0, 40.0]), 64.0, np.pi / 2).matrix(256)
    np.testing.assert_allclose(mapped(matrix, 50 + 32, 40), [127.5, 127.5 - 64], atol=1e-9)
    np.testing.assert_allclose(mapped(matrix, 50, 40 + 32), [127.5 + 64, 127.5], atol=1e-9)


def test_weak_joints_do_not_stretch_the_square():
    pose, scores = figure(), np.full(17, 0.5)
    pose[9] = 900, 900
    scores[9] = 0.1
    assert Crop.around_pose(pose, scores, 1.0).radius == pytest.approx(np.hypot(15, 100))
    # with all joints equally faint all count
    assert Crop.around_pose(pose, np.full(17, 0.01), 1.0).radius == pytest.approx(np.hypot(700, 700))


def test_unseen_legs_have_room():
    scores = np.ones(17)
    scores[13:] = 0
    assert Crop.around_pose(figure(), scores, 1.0).radius == pytest.approx(np.hypot(6, 92), rel=0.03)
    scores[:5] = 0  # shoulders, arms and hips remain: 1.5 torsos
    assert Crop.around_pose(figure(), scores, 1.0).radius == pytest.approx(90)


def test_square_around_a_box():
    crop = Crop.around_box(np.array([10, 20, 50, 120]), 1.25)
    np.testing.assert_allclose(crop.centre, [30, 70])
    assert crop.radius == pytest.approx(62.5) and crop.angle == 0
    assert Crop.around_box(np.array([10, 10, 10, 10]), 1.25).radius > 0


@pytest.mark.parametrize('radius', [20.0, 90.0, 300.0, 1500.0])
@pytest.mark.parametrize('angle', [0.0, 0.7, -2.5])
def test_cutting_samples_where_the_matrix_says(radius, angle):
    """A linear ramp is kept by sampling and averaging alike, if both take the right places."""
    image = np.add.outer(2.0 * np.arange(1200), 3.0 * np.arange(1600)).astype(np.float32)
    crop = Crop(np.array([801.3, 577.7]), radius, angle)
    size = 64
    cut = crop.cut(Frame(0, 0.0, image), size)
    grid = np.stack(np.meshgrid(np.arange(size), np.arange(size)), axis=-1).reshape(-1, 2)
    places = crop.to_frame(grid, size)
    inside = ((places > 60) & (places < [1540, 1140])).all(axis=1)
    assert inside.sum() > 20
    expected = 3 * places[:, 0] + 2 * places[:, 1]
    # OpenCV rounds sampling positions to 1/32 px (of the halved picture)
    np.testing.assert_allclose(cut.ravel()[inside], expected[inside], atol=0.2 * max(1, 2 * radius / size))


def test_outside_the_frame_is_black():
    white = Frame(0, 0.0, np.full((50, 60, 3), 255, np.uint8))
    assert Crop(np.array([30.0, 25.0]), 100.0, 0.0).cut(white, 64)[0, 0].max() == 0
    for centre in ((-900.0, 0.0), (5000.0, 5000.0)):
        assert Crop(np.array(centre), 150.0, 0.3).cut(white, 64).max() == 0
    tiny = Frame(0, 0.0, np.full((3, 3, 3), 255, np.uint8))
    assert Crop(np.array([2.0, 2.0]), 400.0, 0.0).cut(tiny, 64).shape == (64, 64, 3)


def test_way_back():
    crop = Crop(np.array([321.0, 123.0]), 77.0, 1.1)
    points = np.random.default_rng(0).uniform(0, 500, (20, 2))
    there = points @ crop.matrix(256)[:, :2].T + crop.matrix(256)[:, 2]
    np.testing.assert_allclose(crop.to_frame(there, 256), points)


def test_fitting_squares():
    crop = Crop(np.array([100.0, 100.0]), 50.0, 3.0)
    assert crop.fits(crop)
    assert crop.fits(Crop(np.array([112.0, 100.0]), 68.0, 3.4))
    assert crop.fits(Crop(crop.centre, 50.0, 3.0 - 2 * np.pi))
    assert not crop.fits(Crop(np.array([113.0, 100.0]), 50.0, 3.0))
    assert not crop.fits(Crop(crop.centre, 71.0, 3.0)) and not crop.fits(Crop(crop.centre, 35.0, 3.0))
    assert not crop.fits(Crop(crop.centre, 50.0, 3.6)) and not crop.fits(Crop(crop.centre, 50.0, -3.0 + 0.3))
    changed = crop.changed(0.5, 2.0)
    assert (changed.angle, changed.radius) == (3.5, 100.0) and (changed.centre == crop.centre).all()


# the landmarks


def answer(points: np.ndarray, visibility: float = 9.0, presence: float = 9.0, flag: float = 0.9) -> list:
    """The graph's outputs for COCO keypoints ``(17, 2)`` in px of its input."""
    table = np.full((39, 5), -77, np.float32)
    table[list(COCO_LANDMARKS)] = np.column_stack(
        [points + 0.5, np.zeros(17), np.full(17, visibility), np.full(17, presence)]
    )
    return [np.full((1, 117), 5, np.float32), np.array([[flag]], np.float32), table.reshape(1, 195)]


def test_landmarks():
    table = np.zeros((39, 5), np.float32)
    table[:, 0] = np.arange(39)
    table[23, 3:] = np.log(3), 0  # left hip: visible with 3/4, present with 1/2
    points, scores, flag = to_coco([table.reshape(1, 195), np.array([[0.25]], np.float32)])
    np.testing.assert_allclose(points[:, 0] + 0.5, [0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28])
    assert scores[11] == pytest.approx(0.375) and scores[0] == pytest.approx(0.25) and flag == 0.25


def test_deviation_and_twist():
    pose = figure()
    assert deviation(pose, pose, np.ones(17), 100) == (0, 0)
    assert deviation(pose + (30, 40), pose, np.ones(17), 100) == pytest.approx((0.5, 0))
    # mirrored: the shoulders' line of 40 px points the other way
    assert deviation(pose[SWAP], pose, np.ones(17), 100)[1] == pytest.approx(0.8)
    # joints that the seed did not see do not count: here all but the arms agree
    moved, scores = pose.copy(), np.ones(17)
    moved[7:11] += 500
    scores[[5, 6, 11, 12, 13, 14, 15, 16]] = 0.1
    assert deviation(moved, pose, np.ones(17), 100)[0] == 0
    assert deviation(moved, pose, scores, 100)[0] == pytest.approx(5 * np.sqrt(2))


def test_exchanged_sides_are_set_right():
    frame = Frame(0, 0.0, np.zeros((400, 400, 3), np.uint8))
    crop = Crop.around_pose(figure(), np.ones(17), 1.25)
    view = View(frame, crop, figure(), np.ones(17))
    points = figure() @ crop.matrix(256)[:, :2].T + crop.matrix(256)[:, 2]
    scores = np.linspace(0.2, 0.9, 17)
    look = interpret(points[SWAP], scores[SWAP], 0.9, 256, crop, view, 1.25, 0.15)
    np.testing.assert_allclose(look.keypoints, figure(), atol=1e-9)
    np.testing.assert_allclose(look.scores, scores)
    assert look.twist == pytest.approx(0, abs=1e-9)
    # without a seed nothing is known of sides
    look = interpret(points[SWAP], scores, 0.9, 256, crop, View(frame, crop), 1.25, 0.15)
    np.testing.assert_allclose(look.keypoints, figure()[SWAP], atol=1e-9)


def test_joints_outside_the_frame_are_not_seen():
    frame = Frame(0, 0.0, np.zeros((250, 220, 3), np.uint8))
    crop = Crop.around_pose(figure(), np.ones(17), 1.25)
    points = figure() @ crop.matrix(256)[:, :2].T + crop.matrix(256)[:, 2]
    look = interpret(points, np.ones(17), 0.9, 256, crop, View(frame, crop), 1.25, 0.15)
    outside = (figure() > [219.5, 249.5]).any(axis=1)
    assert 0 < outside.sum() < 17
    np.testing.assert_array_equal(look.scores, np.where(outside, 0, 1))


# the estimator, with a network that says what it is told to


@MODELS.register_module()
class ScriptedBlazePose(nn.Module):
    """Answers from a list, and repeats the last answer."""

    dtype = np.float32
    answers: list = [answer(np.full((17, 2), 128.0), flag=0.0)]

    def __init__(self):
        super().__init__()
        self.shown = []

    def forward(self, image):
        self.shown.append(image)
        return self.answers[min(len(self.shown), len(self.answers)) - 1]


@pytest.fixture
def scripted(repository):
    config = Config.fromfile(str(repository / 'configs' / 'estimators' / 'blazepose_full_coco17.py'))
    config.model.backbone = dict(type='ScriptedBlazePose')

    def build(answers, **options):
        estimator = PoseEstimator.from_config(config, **options)
        network = estimator.model.backbone
        network.answers, network.shown = answers, []
        return estimator, network

    return build


def seeded(pose: np.ndarray, scores=None) -> Detections:
    box = np.concatenate([pose.min(axis=0), pose.max(axis=0)])[None].astype(np.float32)
    scores = np.full(17, 0.8) if scores is None else scores
    return Detections(box, np.ones(1, np.float32), pose[None].astype(np.float32), scores[None].astype(np.float32))


def in_square(pose: np.ndarray, crop: Crop) -> np.ndarray:
    return pose @ crop.matrix(256)[:, :2].T + crop.matrix(256)[:, 2]


FRAME = Frame(0, 0.0, np.full((400, 400, 3), (200, 100, 0), np.uint8))
FIRST = Crop.around_pose(figure(), np.full(17, 0.8), 1.25)


def test_one_look_is_enough_where_nothing_is_doubtful(scripted):
    estimator, network = scripted([answer(in_square(figure() + 5, FIRST), visibility=np.log(9), presence=99)])
    people = estimator.estimate([[FRAME]], [seeded(figure())])[0]
    assert len(network.shown) == 1
    np.testing.assert_allclose(people.keypoints[0], figure() + 5, atol=1e-3)
    np.testing.assert_allclose(people.keypoint_scores[0], 0.9, atol=1e-4)
    picture = network.shown[0]
    assert picture.shape == (1, 256, 256, 3) and picture.dtype == np.float32
    np.testing.assert_allclose(picture[0, 128, 128], np.array([200, 100, 0]) / 255, atol=1e-6)  # RGB in 0..1


def test_seed_stands_with_half_its_score_where_nobody_is_seen(scripted):
    estimator, network = scripted([answer(in_square(figure(), FIRST), flag=0.4)])
    people = estimator.estimate([[FRAME]], [seeded(figure())])[0]
    np.testing.assert_allclose(people.keypoints[0], figure(), atol=1e-4)
    np.testing.assert_allclose(people.keypoint_scores[0], 0.4)
    assert len(network.shown) == 6  # the first, its own square, two turned a little, two turned far


def test_seed_stands_where_the_model_sees_somebody_else(scripted):
    estimator, _ = scripted([answer(in_square(figure() + (80, 0), FIRST), flag=1.0)])
    people = estimator.estimate([[FRAME]], [seeded(figure())])[0]
    np.testing.assert_allclose(people.keypoints[0], figure(), atol=1e-4)


def test_second_look_is_taken_where_it_shows_more(scripted):
    lost = answer(in_square(figure(), FIRST), flag=0.1)
    found = answer(in_square(figure(0.2), FIRST.changed(np.deg2rad(-12), 0.9)), flag=0.8)
    estimator, network = scripted([lost, lost, found])
    people = estimator.estimate([[FRAME]], [seeded(figure())])[0]
    np.testing.assert_allclose(people.keypoints[0], figure(0.2), atol=1e-3)
    assert len(network.shown) == 3


def test_body_thin_as_a_line_is_doubted(scripted):
    """Between front and back the model gives the mean of both; the least doubtful look counts."""
    thin = (figure() + figure()[SWAP]) / 2
    own = Crop.around_pose(thin, np.ones(17), 1.25)
    estimator, network = scripted([answer(in_square(thin, FIRST)), answer(in_square(figure(), own))])
    people = estimator.estimate([[FRAME]], [seeded(figure())])[0]
    np.testing.assert_allclose(people.keypoints[0], figure(), atol=1e-3)
    assert len(network.shown) == 2


def test_person_without_seed_is_looked_at_again_in_the_found_square(scripted):
    lying = figure(np.pi / 2)
    box = Detections(seeded(lying).bboxes, np.ones(1, np.float32))
    first = Crop.around_box(box.bboxes[0], 1.25)
    own = Crop.around_pose(lying + 9, np.ones(17), 1.25)
    estimator, network = scripted([answer(in_square(lying + 9, first)), answer(in_square(lying, own))])
    people = estimator.estimate([[FRAME]], [box])[0]
    np.testing.assert_allclose(people.keypoints[0], lying, atol=0.05)
    assert len(network.shown) == 2


def test_unusable_seed_counts_as_none(scripted):
    detections = seeded(figure())
    detections.keypoints[0, 3] = np.nan
    estimator, _ = scripted([answer(np.full((17, 2), 100.0), flag=0.1)])
    assert np.isfinite(estimator.estimate([[FRAME]], [detections])[0].keypoints).all()


def test_flip_test_averages_with_the_mirror_image(scripted):
    there = in_square(figure(), FIRST)
    mirrored = (there * [-1, 1] + [255, 0])[SWAP]
    estimator, network = scripted([answer(there), answer(mirrored + (-4, 2))], flip_test=True)
    people = estimator.estimate([[FRAME]], [seeded(figure())])[0]
    scale = 2 * FIRST.radius / 256
    np.testing.assert_allclose(people.keypoints[0], figure() + np.array([2, 1]) * scale, atol=1e-3)
    assert len(network.shown) == 2


def test_training_is_refused(scripted):
    with pytest.raises(NotImplementedError):
        scripted([answer(np.zeros((17, 2)))])[0].model.loss(torch.zeros(1, 3, 256, 256), [])


# the real models


@pytest.fixture(scope='module')
def links(repository):
    try:
        fetch('movenet-multipose'), fetch('blazepose-full')
    except InputError as error:
        pytest.skip(str(error))
    configs = repository / 'configs'
    return (
        PersonDetector.from_config(configs / 'detectors' / 'movenet_multipose_512.py', score_thr=0.1),
        PoseEstimator.from_config(configs / 'estimators' / 'blazepose_full_coco17.py'),
    )


@pytest.fixture(scope='module')
def two_people(links, shared):
    with open_source(str(shared('video', 'two_people_1080p.mp4')), end='1f') as frames:
        frame = next(iter(frames))
    return frame, links[0].detect([frame])[0]


def test_pose_agrees_with_its_seed(links, two_people):
    frame, found = two_people
    people = links[1].estimate([[frame]], [found])[0]
    heights = found.bboxes[:, 3] - found.bboxes[:, 1]
    apart = np.linalg.norm(people.keypoints - found.keypoints, axis=2) / heights[:, None]
    assert np.median(apart) < 0.03 and people.keypoint_scores.mean() > 0.8


def test_box_alone_gives_the_same_pose(links, two_people):
    frame, found = two_people
    people = links[1].estimate([[frame]], [found])[0]
    boxed = links[1].estimate([[frame]], [Detections(found.bboxes, found.scores)])[0]
    heights = found.bboxes[:, 3] - found.bboxes[:, 1]
    apart = np.linalg.norm(people.keypoints - boxed.keypoints, axis=2) / heights[:, None]
    assert np.median(apart) < 0.02


@pytest.mark.parametrize('turns', [1, 2, 3])
def test_bodies_in_any_direction(links, two_people, turns):
    """The frame turned by quarters, and the seed with it: the pose turns too."""
    frame, found = two_people
    upright = links[1].estimate([[frame]], [found])[0].keypoints
    height, width = frame.image.shape[:2]

    def turned(points):  # as np.rot90 moves pixels, counter-clockwise
        x, y = points[..., 0], points[..., 1]
        quarters = (y, width - 1 - x), (width - 1 - x, height - 1 - y), (height - 1 - y, x)
        return np.stack(quarters[turns - 1], axis=-1)

    seeds = turned(found.keypoints).astype(np.float32)
    boxes = np.concatenate([seeds.min(axis=1), seeds.max(axis=1)], axis=1)
    image = np.ascontiguousarray(np.rot90(frame.image, turns))
    people = links[1].estimate(
        [[Frame(0, 0.0, image)]], [Detections(boxes, found.scores, seeds, found.keypoint_scores)]
    )[0]
    heights = found.bboxes[:, 3] - found.bboxes[:, 1]
    apart = np.linalg.norm(people.keypoints - turned(upright), axis=2) / heights[:, None]
    assert np.median(apart) < 0.01
    assert people.keypoint_scores.mean() > 0.8


def test_background_is_nobody(links, two_people):
    frame, found = two_people
    pose = (found.keypoints[:1] - found.keypoints[:1].mean(axis=1, keepdims=True)) * 0.3 + (150, 150)
    seed = Detections(
        np.array([[60, 60, 240, 240]], np.float32),
        np.ones(1, np.float32),
        pose.astype(np.float32),
        np.full((1, 17), 0.8, np.float32),
    )
    people = links[1].estimate([[frame]], [seed])[0]
    np.testing.assert_allclose(people.keypoint_scores, 0.4)


def test_mmposes_own_functions_run_it(links, two_people, repository):
    from mmpose.apis import inference_topdown, init_model

    frame, found = two_people
    model = init_model(str(repository / 'configs' / 'estimators' / 'blazepose_full_coco17.py'), None, device='cpu')
    results = inference_topdown(model, np.ascontiguousarray(frame.image[..., ::-1]), found.bboxes)
    boxed = links[1].estimate([[Frame(0, 0.0, frame.image)]], [Detections(found.bboxes, found.scores)])[0]
    np.testing.assert_allclose([r.pred_instances.keypoints[0] for r in results], boxed.keypoints, atol=0.01)


def test_the_whole_chain_never_asks_for_the_whole_picture_in_rgb(embedded, shared, monkeypatch):
    def refuse(frame):
        raise AssertionError(f'frame {frame.index} was converted to RGB')

    with open_source(str(shared('video', 'two_people_1080p.mp4')), end='4f') as source:
        assert isinstance(next(iter(source)).picture, YuvPicture)
    monkeypatch.setattr(Frame, 'image', property(refuse))
    with open_source(str(shared('video', 'two_people_1080p.mp4')), end='4f') as source:
        people = [len(result.people) for result in embedded.results(source)]
    assert people == [2] * 4


def test_a_video_and_its_rgb_give_the_same_poses(embedded, two_people):
    frame, _ = two_people
    rgb = Frame(frame.index, frame.time, frame.image)
    assert isinstance(frame.picture, YuvPicture)
    embedded.detector.reset()
    ours = embedded.detector.detect([frame])[0]
    embedded.detector.reset()
    theirs = embedded.detector.detect([rgb])[0]
    # two who are found as surely may come in either order
    ours, theirs = (found[np.argsort(found.bboxes[:, 0])] for found in (ours, theirs))
    heights = theirs.bboxes[:, 3] - theirs.bboxes[:, 1]
    assert len(ours) == len(theirs) == 2
    apart = np.linalg.norm(ours.keypoints - theirs.keypoints, axis=2) / heights[:, None]
    assert np.median(apart) < 0.002
    poses = [embedded.estimator.estimate([[picture]], [theirs])[0].keypoints for picture in (frame, rgb)]
    apart = np.linalg.norm(poses[0] - poses[1], axis=2) / heights[:, None]
    assert np.median(apart) < 0.001 and apart.max() < 0.01
