"""MoveNet's tensor in px, boxes that fit, nobody twice; and the real model on real people."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS
from torch import nn

from pipeline.assets import fetch
from pipeline.detection import PersonDetector
from pipeline.errors import InputError
from pipeline.networks.detectors.movenet import looks
from pipeline.networks.detectors.movenet.decode import MultiPose, confidence, decode, distinct, mended_boxes
from pipeline.types import Frame
from pipeline.video import open_source


@MODELS.register_module()
class ScriptedMoveNet(nn.Module):
    """Gives a tensor of one's own, and keeps what it was shown."""

    answer = np.zeros((6, 56), np.float32)

    def forward(self, image):
        self.shown = image
        return [self.answer[None]]


def standing(left: float, top: float, width: float, height: float) -> np.ndarray:
    """``(17, 2)``: a stick figure that fills a box."""
    x = np.array([5, 5.5, 4.5, 6, 4, 8, 2, 9, 1, 10, 0, 7, 3, 7, 3, 7, 3]) / 10
    y = np.array([0.5, 0, 0, 0.5, 0.5, 2, 2, 3.5, 3.5, 5, 5, 5, 5, 7.5, 7.5, 10, 10]) / 10
    return np.column_stack([left + x * width, top + y * height]).astype(np.float32)


def people(*figures, scores=None, boxes=None) -> MultiPose:
    keypoints = np.stack(figures)
    own = np.concatenate([keypoints.min(axis=1), keypoints.max(axis=1)], axis=1)
    return MultiPose(
        own if boxes is None else np.array(boxes, np.float32),
        np.array(scores or [0.9] * len(figures), np.float32),
        keypoints,
        np.full((len(figures), 17), 0.9, np.float32),
    )


def test_decode():
    output = np.zeros((6, 56), np.float32)
    output[2, :6] = 0.5, 0.25, 0.8, 1.0, 0.0, 0.3  # y, x, score of nose and left eye
    output[2, 51:] = 0.25, 0.125, 0.75, 0.5, 0.6  # ymin, xmin, ymax, xmax, score
    found = decode(output, height=160, width=256)
    np.testing.assert_allclose(found.keypoints[2, :2], [[63.5, 79.5], [-0.5, 159.5]])
    np.testing.assert_allclose(found.keypoint_scores[2, :3], [0.8, 0.3, 0])
    np.testing.assert_allclose(found.bboxes[2], [31.5, 39.5, 127.5, 119.5])
    assert found.scores[2] == np.float32(0.6) and len(found) == 6


def test_confidence():
    np.testing.assert_allclose(
        confidence(np.array([0.22, 0.28, 0.16]), 0.22, 0.06), [0.5, 1 / (1 + np.exp(-1)), 1 / (1 + np.exp(1))]
    )


def test_boxes_that_fit_stay_and_others_are_replaced():
    figure = standing(100, 50, 40, 200)
    found = people(figure, figure, boxes=[[95, 30, 145, 260], [0, 0, 60, 60]])
    boxes = mended_boxes(found, keypoint_thr=0.1, least_iou=0.6)
    np.testing.assert_allclose(boxes[0], [95, 30, 145, 260])
    # the keypoints' extent, with margins in parts of its longer side: 200 px
    np.testing.assert_allclose(boxes[1], [100 - 11.6, 50 - 18, 140 + 11.6, 250 + 17], rtol=1e-5)


def test_unseen_keypoints_do_not_stretch_a_box():
    found = people(standing(100, 50, 40, 200), boxes=[[0, 0, 1, 1]])
    found.keypoints[0, 15] = 900, 900
    found.keypoint_scores[0, 15] = 0.05
    assert mended_boxes(found, 0.15, 0.6).max() < 300
    found.keypoint_scores[0] = 0.05  # none seen: all count
    assert mended_boxes(found, 0.15, 0.6).max() > 900


def test_doubles_are_dropped_and_neighbours_stay():
    figure = standing(100, 50, 80, 200)
    found = people(figure, figure + 3, figure + (45, 0), scores=[0.5, 0.9, 0.7])
    np.testing.assert_array_equal(distinct(found, nms_iou=0.7, nms_oks=0.75), [1, 2])
    # the same pose in a box of another size is the same person too
    found = people(figure, figure + 3, boxes=[[100, 50, 180, 250], [100, 50, 180, 150]])
    np.testing.assert_array_equal(distinct(found, nms_iou=0.7, nms_oks=0.75), [0])
    np.testing.assert_array_equal(distinct(found, nms_iou=0.7, nms_oks=1.0), [0, 1])


def scripted(repository, size: int, **model) -> PersonDetector:
    config = Config.fromfile(str(repository / 'configs' / 'detectors' / f'movenet_multipose_{size}.py'))
    config.model.backbone = dict(type='ScriptedMoveNet')
    config.model.update(dict(near_size=None, tile_size=None), **model)
    return PersonDetector.from_config(config, score_thr=0.1)


@pytest.mark.parametrize(
    'size, shape, padded',
    [
        (256, (994, 1768), (160, 256)),
        (512, (994, 1768), (288, 512)),
        (256, (600, 300), (256, 128)),
        (512, (8, 8), (512, 512)),
    ],
)
def test_pixels_survive_resizing_and_padding(repository, size, shape, padded):
    """A keypoint comes out at the pixel of the frame that the network pointed at."""
    detector = scripted(repository, size)
    height, width = shape
    rgb = np.zeros((*shape, 3), np.uint8)
    rgb[..., 0] = 200
    scale = size / max(shape)
    answer = np.zeros((6, 56), np.float32)
    figure = standing(0.2 * width, 0.1 * height, 0.3 * width, 0.8 * height)
    corners = [0.1 * height, 0.1 * width, 0.95 * height, 0.6 * width]
    fractions = (figure[:, ::-1] + 0.5) * scale / padded
    answer[0, :51] = np.column_stack([fractions, np.full(17, 0.9)]).ravel()
    answer[0, 51:55] = (np.array(corners) + 0.5) * scale / np.array([*padded, *padded])
    answer[0, 55] = 0.9
    detector.model.backbone.answer = answer
    found = detector.detect([Frame(0, 0.0, rgb)])[0]
    shown = detector.model.backbone.shown
    assert shown.shape == (1, *padded, 3) and shown.dtype == np.uint8 and shown.flags.c_contiguous
    assert (shown[0, 0, 0] == [200, 0, 0]).all()  # red stays red
    # sides are rounded to whole px, so the two scales differ a little
    np.testing.assert_allclose(found.keypoints[0], figure, atol=0.004 * max(shape))
    np.testing.assert_allclose(found.bboxes[0], np.array(corners)[[1, 0, 3, 2]], atol=0.004 * max(shape))
    assert found.scores[0] > 0.99 and found.keypoint_scores.shape == (1, 17)


def test_nobody(repository):
    found = scripted(repository, 256).detect([Frame(0, 0.0, np.zeros((48, 64, 3), np.uint8))])[0]
    assert len(found) == 0 and found.keypoints.shape == (0, 17, 2)


def test_bad_calibration(repository):
    with pytest.raises(InputError, match='calibration'):
        scripted(repository, 256, calibration=(0.2, 0.0))


def test_training_is_refused(repository):
    with pytest.raises(NotImplementedError):
        scripted(repository, 256).model.loss(torch.zeros(1, 3, 32, 32), [])


def test_tiles_cover_the_picture_and_overlap_by_a_quarter():
    """Three columns of width w with overlaps of w / 4 fill 1000 px: 2.5 w = 1000."""
    parts = looks.tiles(1000, 700)
    assert [(x1, x2) for x1, _, x2, _ in parts[:3]] == [(0, 400), (300, 700), (600, 1000)]
    assert [(y1, y2) for _, y1, _, y2 in parts[::3]] == [(0, 400), (300, 700)]
    assert len(looks.tiles(700, 1000)) == 6 and looks.tiles(700, 1000)[1][0] == 300


def test_people_are_cut_off_at_inner_sides_only():
    boxes = np.array([[300, 50, 340, 200], [500, 100, 600, 399], [350, 0, 420, 100], [500, 50, 698, 200]], float)
    np.testing.assert_array_equal(looks.cut_off(boxes, (300, 0, 700, 400), 1000, 700), [True, True, False, True])


def test_half_a_person_gives_way_to_the_whole_one():
    whole, half = standing(100, 50, 80, 200), standing(100, 50, 80, 100)
    found = people(half, whole, standing(400, 50, 80, 100), scores=[0.95, 0.6, 0.5])
    np.testing.assert_array_equal(looks.whole_first(found, np.array([True, False, True])), [1, 2])
    np.testing.assert_array_equal(looks.whole_first(found, np.array([False, False, True])), [0, 1, 2])


def test_rounds_over_tiles_take_as_long_as_they_pay():
    turns = looks.Turns(period=0.5, idle=4.0)
    assert turns.due(0.0, 6) == [0, 1, 2, 3, 4, 5]
    turns.learn(0.0, in_whole=2, only_in_tiles=1)
    # a tenth of a second at six tiles in half a second: 1.2 tiles each time
    assert [turns.due(t / 10, 6) for t in range(1, 6)] == [[0], [1], [2], [3], [4, 5]]
    quiet = looks.Turns(period=0.5, idle=4.0)
    quiet.due(0.0, 6)
    quiet.learn(0.0, in_whole=2, only_in_tiles=0)
    assert sum(len(quiet.due(t / 10, 6)) for t in range(1, 41)) == 6  # one round in four seconds
    quiet.learn(4.0, in_whole=5, only_in_tiles=0)  # no room for more in the whole picture
    assert len(quiet.due(4.5, 6)) == 6
    assert len(quiet.due(0.0, 6)) == 6  # another video
    sparse = looks.Turns(period=0.5, idle=4.0)
    sparse.due(0.0, 6)
    sparse.learn(0.0, in_whole=2, only_in_tiles=1)
    assert [len(sparse.due(t / 5, 6)) for t in range(1, 6)] == [6] * 5  # five frames a second: all of each


def test_crowd_is_found_beyond_six(shared, movenet):
    with open_source(str(shared('video', 'crowd_above_3fps.mp4')), end='1f') as frames:
        assert len(movenet.detect(list(frames))[0]) >= 12


@pytest.fixture(scope='module')
def movenet(repository):
    try:
        fetch('movenet-multipose')
    except InputError as error:
        pytest.skip(str(error))
    config = repository / 'configs' / 'detectors' / 'movenet_multipose_512.py'
    return PersonDetector.from_config(config, score_thr=0.1)


def test_two_people_are_found_once_each(movenet, shared):
    with open_source(str(shared('video', 'two_people_1080p.mp4')), end='10f') as frames:
        found = movenet.detect(list(frames)[::5])
    for people_of_frame in found:
        assert len(people_of_frame) == 2 and people_of_frame.scores.min() > 0.9
        heights = people_of_frame.bboxes[:, 3] - people_of_frame.bboxes[:, 1]
        assert ((heights > 500) & (heights < 800)).all()
        hips, ankles = people_of_frame.keypoints[:, 11:13].mean(1), people_of_frame.keypoints[:, 15:].mean(1)
        assert (ankles[:, 1] - hips[:, 1] > 0.3 * heights).all()
    # between frames a sixth of a second apart nobody jumps
    order = [np.argsort(p.bboxes[:, 0]) for p in found]
    shift = found[0].keypoints[order[0]] - found[1].keypoints[order[1]]
    assert np.median(np.abs(shift)) < 15
