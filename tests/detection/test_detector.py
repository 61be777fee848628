"""The detector gives what MMDetection gives, people only, inside the frame."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.dataset import Compose, pseudo_collate
from mmengine.structures import InstanceData

from pipeline.detection import PersonDetector
from pipeline.errors import InputError
from pipeline.types import Frame

CAR, PERSON = 0, 1


class Found:
    """Stands in for a model: answers every image with the given instances."""

    def __init__(self, **instances):
        self.instances = InstanceData(**{name: torch.tensor(value) for name, value in instances.items()})

    def test_step(self, batch):
        return [SimpleNamespace(pred_instances=self.instances) for _ in batch['inputs']]


def detect(model, shape=(100, 200, 3), **options):
    detector = PersonDetector(model, Compose([lambda sample: dict(inputs=sample['img'])]), PERSON, **options)
    return detector.detect([Frame(0, 0.0, np.zeros(shape, np.uint8))])[0]


def boxes(*rows):
    return [list(map(float, row)) for row in rows]


def test_only_people_over_the_threshold_best_first():
    found = detect(
        Found(
            bboxes=boxes((0, 0, 10, 10), (20, 0, 30, 10), (40, 0, 50, 10), (60, 0, 70, 10)),
            scores=[0.9, 0.5, 0.29, 0.7],
            labels=[CAR, PERSON, PERSON, PERSON],
        ),
        score_thr=0.3,
    )
    assert found.bboxes[:, 0].tolist() == [60, 20]
    assert found.scores.tolist() == pytest.approx([0.7, 0.5]) and found.keypoints is None


def test_boxes_are_clipped_to_the_frame_and_those_outside_dropped():
    found = detect(
        Found(
            bboxes=boxes((-5, -8, 300, 400), (50, 110, 60, 190), (210, 5, 220, 9)),
            scores=[0.9, 0.8, 0.7],
            labels=[PERSON] * 3,
        )
    )
    assert found.bboxes.tolist() == [[0, 0, 200, 100]]


@pytest.mark.parametrize('nms_iou, kept', [(None, [0.9, 0.8, 0.7]), (0.65, [0.9, 0.7]), (0.85, [0.9, 0.8, 0.7])])
def test_of_overlapping_boxes_the_best_stays(nms_iou, kept):
    # 100 x 50 against 80 x 50 inside it: IoU 0.8
    found = detect(
        Found(
            bboxes=boxes((0, 0, 100, 50), (0, 0, 80, 50), (120, 0, 180, 50)),
            scores=[0.9, 0.8, 0.7],
            labels=[PERSON] * 3,
        ),
        nms_iou=nms_iou,
    )
    assert found.scores.tolist() == pytest.approx(kept)


def test_keypoints_of_the_detector_travel_with_their_person():
    points = np.arange(2 * 17 * 2, dtype=np.float32).reshape(2, 17, 2)
    found = detect(
        Found(
            bboxes=boxes((0, 0, 10, 10), (20, 0, 30, 10)),
            scores=[0.5, 0.8],
            labels=[PERSON] * 2,
            keypoints=points,
            keypoint_scores=np.full((2, 17), 0.5, np.float32),
        )
    )
    np.testing.assert_array_equal(found.keypoints, points[::-1])
    assert found.keypoint_scores.shape == (2, 17)


def test_nobody_is_no_error():
    found = detect(Found(bboxes=torch.zeros(0, 4).numpy(), scores=np.zeros(0, np.float32), labels=np.zeros(0, int)))
    assert len(found) == 0 and found.bboxes.shape == (0, 4) and found.bboxes.dtype == np.float32


@pytest.mark.parametrize('options', [dict(score_thr=1.5), dict(score_thr=-0.1), dict(nms_iou=2.0)])
def test_thresholds_outside_their_range(options):
    with pytest.raises(InputError, match='between 0 and 1'):
        PersonDetector(Found(), Compose([]), PERSON, **options)


class TestRealDetector:
    """RTMDet-nano on a clip, against MMDetection's own function."""

    @pytest.fixture(scope='class')
    @classmethod
    def files(cls, shared):
        return str(shared('weights', 'rtmdet_nano_person.py')), str(shared('weights', 'rtmdet_nano_person.pth'))

    @pytest.fixture(scope='class')
    @classmethod
    def detector(cls, files):
        return PersonDetector.from_config(*files, score_thr=0.3)

    @pytest.fixture(scope='class')
    @classmethod
    def frames(cls, shared):
        import decord

        video = decord.VideoReader(str(shared('video', 'two_people_1080p.mp4')))
        return [Frame(i, i / 30, video[i].asnumpy()) for i in (0, 35, 60)]

    def test_same_people_as_mmdetection(self, detector, files, frames):
        from mmdet.apis import inference_detector, init_detector

        theirs = init_detector(*files, device='cpu')
        for frame in frames:
            expected = inference_detector(theirs, np.ascontiguousarray(frame.image[..., ::-1])).pred_instances
            expected = expected[expected.scores >= 0.3]
            found = detector.detect([frame])[0]
            assert len(found) == len(expected) == 2
            np.testing.assert_allclose(found.bboxes, expected.bboxes.numpy().clip(0, [1920, 1080] * 2), atol=0.05)
            np.testing.assert_allclose(found.scores, expected.scores.numpy(), atol=1e-4)

    def test_frames_of_a_batch_do_not_influence_each_other(self, detector, frames):
        for frame, found in zip(frames, detector.detect(frames)):
            alone = detector.detect([frame])[0]
            np.testing.assert_allclose(found.bboxes, alone.bboxes, atol=0.05)
        assert detector.detect([]) == []

    def test_box_that_mmdetection_lets_leave_the_frame(self, detector, frames):
        # at the hips; below it, the network sees padding
        cut = Frame(0, 0.0, np.ascontiguousarray(frames[0].image[:560]))
        raw = detector.model.test_step(pseudo_collate([detector._prepared(cut)]))[0].pred_instances
        assert raw.bboxes[raw.scores > 0.3][:, 3].max() > 561
        found = detector.detect([cut])[0]
        assert len(found) == 2 and found.bboxes[:, 3].tolist() == pytest.approx([560, 560], abs=1)
        assert found.bboxes[:, 3].max() <= 560

    @pytest.mark.parametrize('shape', [(8, 8), (1, 1), (3, 500), (2160, 3840), (33, 71)])
    def test_any_size_of_frame(self, detector, shape):
        assert len(detector.detect([Frame(0, 0.0, np.zeros((*shape, 3), np.uint8))])[0]) == 0

    def test_weights_of_another_network(self, files, shared):
        with pytest.raises(InputError, match='^[^\n]*ultralight_simplepose.pth: weights that do not fit[^\n]*$'):
            PersonDetector.from_config(files[0], str(shared('weights', 'ultralight_simplepose.pth')))

    def test_works_after_mmpose_has_taken_over_the_default_scope(self, files, frames):
        from mmengine.registry import DefaultScope

        with DefaultScope.overwrite_default_scope('mmpose'):
            assert len(PersonDetector.from_config(*files).detect(frames[:1])[0]) == 2


@pytest.mark.parametrize(
    'name',
    [
        'rtmdet/rtmdet_tiny_8xb32-300e_coco.py',
        'yolox/yolox_tiny_8xb8-300e_coco.py',
        'faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py',
    ],
)
def test_configs_that_come_with_mmdetection(name):
    """One stage and two, without weights: whatever is found lies in the frame."""
    from pipeline.backends.openmmlab import load_config

    config = load_config(f'mmdet::{name}')
    for transform in config.test_dataloader.dataset.pipeline:
        if 'scale' in transform:
            transform.scale = (128, 128)
    torch.manual_seed(0)
    detector = PersonDetector.from_config(config, score_thr=0.0)
    image = np.random.default_rng(0).integers(0, 256, (90, 160, 3), np.uint8)
    for found in detector.detect([Frame(0, 0.0, image), Frame(1, 0.1, image)]):
        assert found.bboxes.shape == (len(found), 4) and ((0 <= found.scores) & (found.scores <= 1)).all()
        assert (found.bboxes >= 0).all() and (found.bboxes <= [160, 90, 160, 90]).all()
