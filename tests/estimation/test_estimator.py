"""The estimator gives what MMPose gives, for all people of all frames in one batch."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.structures import InstanceData

from pipeline.errors import InputError
from pipeline.estimation import PoseEstimator
from pipeline.estimation.metainfo import find_metainfo
from pipeline.types import Detections, Frame


class Echo:
    """Stands in for a model: remembers its batches, answers with the middle of each box."""

    K = 17

    def __init__(self, scores=0.5):
        self.batches, self.scores = [], scores

    def test_step(self, batch):
        self.batches.append(batch)
        answers = []
        for item in batch['inputs']:
            sample = item.sample
            middle = (sample['bbox'][:, None, :2] + sample['bbox'][:, None, 2:]) / 2
            found = InstanceData(
                keypoints=np.repeat(middle, self.K, axis=1), keypoint_scores=np.full((1, self.K), self.scores)
            )
            answers.append(SimpleNamespace(pred_instances=found))
        return answers

    @property
    def samples(self):
        return [item.sample for batch in self.batches for item in batch['inputs']]


def estimator(model, **options):
    metainfo = find_metainfo(Config(), {})
    return PoseEstimator(
        model, Compose([lambda sample: dict(inputs=SimpleNamespace(sample=sample))]), metainfo, **options
    )


def frame(index, value=0):
    return Frame(index, index / 30, np.full((40, 60, 3), value, np.uint8))


def people(*boxes, **seeds):
    return Detections(
        np.array(boxes, np.float32).reshape(-1, 4), np.linspace(0.9, 0.5, len(boxes)).astype(np.float32), **seeds
    )


def test_every_person_of_every_frame_in_one_batch_and_back_in_order():
    model = Echo()
    found = [people((0, 0, 10, 20), (20, 0, 30, 20)), people(), people((40, 10, 50, 30))]
    posed = estimator(model).estimate([[frame(i)] for i in range(3)], found)
    assert [len(batch['inputs']) for batch in model.batches] == [3]
    assert [p.keypoints[:, 0].tolist() for p in posed] == [[[5, 10], [25, 10]], [], [[45, 20]]]
    assert [len(p) for p in posed] == [2, 0, 1] and posed[1].keypoints.shape == (0, 17, 2)
    np.testing.assert_array_equal(posed[0].bboxes, found[0].bboxes)
    np.testing.assert_array_equal(posed[0].bbox_scores, found[0].scores)
    assert posed[0].keypoints.dtype == posed[0].keypoint_scores.dtype == np.float32


def test_large_batches_are_split():
    model = Echo()
    estimator(model, batch_size=2).estimate([[frame(0)]], [people(*[(0, 0, i + 1, 9) for i in range(5)])])
    assert [len(batch['inputs']) for batch in model.batches] == [2, 2, 1]


def test_nobody_anywhere_runs_nothing():
    model = Echo()
    assert [len(p) for p in estimator(model).estimate([[frame(0)], [frame(1)]], [people(), people()])] == [0, 0]
    assert estimator(model).estimate([], []) == [] and not model.batches


def test_scores_stay_within_0_and_1():
    for given, kept in ((1.7, 1.0), (-0.2, 0.0), (0.4, 0.4)):
        posed = estimator(Echo(given)).estimate([[frame(0)]], [people((0, 0, 9, 9))])[0]
        assert posed.keypoint_scores == pytest.approx(kept)


def test_pipeline_gets_metainfo_and_seeds():
    model = Echo()
    points = np.random.default_rng(0).uniform(0, 40, (2, 17, 2)).astype(np.float32)
    estimator(model).estimate(
        [[frame(0)]],
        [people((0, 0, 9, 9), (5, 5, 9, 9), keypoints=points, keypoint_scores=np.full((2, 17), 0.3, np.float32))],
    )
    second = model.samples[1]
    np.testing.assert_array_equal(second['keypoints_seed'], points[1:])
    assert second['keypoint_scores_seed'].shape == (1, 17) and second['bbox_score'].tolist() == [0.5]
    assert second['flip_indices'][1] == 2 and 'neighbours' not in second


def test_neighbours_of_a_frame_come_in_the_order_of_the_offsets():
    model = Echo()
    windows = [[frame(i - 2, i - 2), frame(i, i), frame(i + 1, i + 1)] for i in (5, 6)]
    estimator(model, frame_offsets=(-2, 0, 1), takes_rgb=True).estimate(windows, [people((0, 0, 9, 9))] * 2)
    assert [int(s['img'][0, 0, 0]) for s in model.samples] == [5, 6]
    assert [[int(n[0, 0, 0]) for n in s['neighbours']] for s in model.samples] == [[3, 6], [4, 7]]


def test_frames_are_passed_uncopied_or_swapped_once():
    shared = Frame(1, 0.0, np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8))
    windows, found = [[frame(0), shared], [shared, frame(2)]], [people((0, 0, 9, 9), (1, 1, 5, 5))] * 2
    for takes_rgb in (True, False):
        model = Echo()
        estimator(model, frame_offsets=(0, 1), takes_rgb=takes_rgb).estimate(windows, found)
        images = [model.samples[0]['neighbours'][0], model.samples[1]['neighbours'][0], model.samples[2]['img']]
        assert all(image is images[0] for image in images)
        assert (images[0] is shared.image) == takes_rgb
        np.testing.assert_array_equal(images[0], shared.image if takes_rgb else shared.image[..., ::-1])


def test_batch_of_nothing_is_refused():
    with pytest.raises(InputError, match='batch_size=0'):
        estimator(Echo(), batch_size=0)


class TestRealEstimator:
    """A trained estimator on a clip, against MMPose's own function."""

    @pytest.fixture(scope='class')
    @classmethod
    def files(cls, shared):
        return str(shared('weights', 'ultralight_simplepose.py')), str(shared('weights', 'ultralight_simplepose.pth'))

    @pytest.fixture(scope='class')
    @classmethod
    def ours(cls, files):
        return PoseEstimator.from_config(*files)

    @pytest.fixture(scope='class')
    @classmethod
    def frames(cls, shared):
        import decord

        video = decord.VideoReader(str(shared('video', 'two_people_1080p.mp4')))
        return [Frame(i, i / 30, video[i].asnumpy()) for i in (0, 35, 60)]

    BOXES = people((914.4, 242.3, 1123.5, 878.7), (653, 277.6, 898.9, 924.1), (-50, 900, 200, 1300), (5, 5, 6, 900))

    @staticmethod
    def expected(files, frames, flip_test=False):
        from mmpose.apis import inference_topdown, init_model

        model = init_model(*files, device='cpu')
        model.test_cfg['flip_test'] = flip_test
        for item in frames:
            results = inference_topdown(
                model, cv2.cvtColor(item.image, cv2.COLOR_RGB2BGR), TestRealEstimator.BOXES.bboxes
            )
            yield [
                np.concatenate([getattr(r.pred_instances, name) for r in results])
                for name in ('keypoints', 'keypoint_scores')
            ]

    @pytest.mark.parametrize('flip_test', [False, True])
    def test_same_poses_as_mmpose(self, files, frames, flip_test):
        ours = PoseEstimator.from_config(*files, flip_test=flip_test)
        posed = ours.estimate([[item] for item in frames], [self.BOXES] * len(frames))
        for found, (keypoints, scores) in zip(posed, self.expected(files, frames, flip_test)):
            np.testing.assert_allclose(found.keypoints, keypoints, atol=1e-4)
            np.testing.assert_allclose(found.keypoint_scores, scores.clip(0, 1), atol=1e-5)

    def test_skeleton_and_offsets(self, ours):
        assert ours.skeleton.name == 'coco' and ours.skeleton.num_keypoints == 17
        assert ours.skeleton.index('left_wrist') == 9 and ours.skeleton.sides[9] == 'left'
        assert ours.skeleton.flip_indices[9] == 10 and ours.frame_offsets == (0,)

    @pytest.mark.parametrize('box', [(5, 5, 5, 5), (9, 9, 3, 3), (-90, -90, -80, -80), (0, 0, 1e4, 1e4)])
    def test_useless_boxes_give_finite_poses(self, ours, box):
        posed = ours.estimate([[frame(0)]], [people(box)])[0]
        assert np.isfinite(posed.keypoints).all() and posed.keypoints.shape == (1, 17, 2)

    def test_frame_of_one_pixel(self, ours):
        tiny = Frame(0, 0.0, np.zeros((1, 1, 3), np.uint8))
        assert len(ours.estimate([[tiny]], [people((0, 0, 1, 1))])[0]) == 1

    def test_metainfo_of_other_joints_than_the_model_has(self, files):
        from pipeline.backends.openmmlab import load_config

        config = load_config(files[0])
        config.train_dataloader = dict(dataset=dict(type='CocoWholeBodyDataset', pipeline=[]))
        with pytest.raises(InputError, match='gives 17 keypoints, its metainfo .coco_wholebody. names 133'):
            PoseEstimator.from_config(config, files[1])

    def test_detector_config_by_mistake(self, shared):
        with pytest.raises(InputError, match='^[^\n]*rtmdet_nano_person.py[^\n]*$'):
            PoseEstimator.from_config(str(shared('weights', 'rtmdet_nano_person.py')))


def test_a_one_stage_config_is_refused_in_one_line():
    name = 'mmpose::body_2d_keypoint/rtmo/coco/rtmo-s_8xb32-600e_coco-640x640.py'
    with pytest.raises(InputError, match='rtmo-s.*: a one-stage estimator .*must be a top-down one') as error:
        PoseEstimator.from_config(name)
    assert '\n' not in str(error.value)
