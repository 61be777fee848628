"""Models of MMPose and MMDetection in OpenVINO answer as in torch, to a thousandth of a pixel."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpose.registry import MODELS

from pipeline.backends.openmmlab import Speed, build_network, load_config
from pipeline.backends.openmmlab.network import run_exported
from pipeline.backends.openvino_plan import multiplies_bf16
from pipeline.detection import PersonDetector
from pipeline.errors import InputError
from pipeline.estimation import PoseEstimator
from pipeline.types import Detections, Frame
from pipeline.video import open_source

TOLERANCE = 1e-3  # px
OPENVINO = dict(runtime='openvino')
POSE = 'mmpose::body_2d_keypoint/'
RESNET = 'topdown_heatmap/coco/td-hm_res50_8xb64-210e_coco-256x192.py'


@pytest.fixture(autouse=True, scope='module')
def folder(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('POSE_CACHE', str(tmp_path_factory.mktemp('cache')))
        yield


def frames(count=2, height=120, width=160):
    generator = np.random.default_rng(0)
    return [Frame(i, i / 30, generator.integers(0, 255, (height, width, 3), np.uint8)) for i in range(count)]


def crowd(*counts):
    boxes = np.array([[10, 10, 60, 110], [40, 5, 100, 115], [80, 20, 150, 119]], np.float32)
    return [Detections(boxes[:count], np.ones(count, np.float32)) for count in counts]


def two_runtimes(config, checkpoint=None, **options):
    """The same estimator in torch and in OpenVINO."""
    torch.manual_seed(0)
    first = PoseEstimator.from_config(config, checkpoint, **options)
    torch.manual_seed(0)
    return first, PoseEstimator.from_config(config, checkpoint, speed=OPENVINO, **options)


def assert_same_poses(expected, found):
    for a, b in zip(expected, found):
        assert len(a) == len(b)
        np.testing.assert_allclose(b.keypoints, a.keypoints, atol=TOLERANCE)
        np.testing.assert_allclose(b.keypoint_scores, a.keypoint_scores, atol=1e-4)


def runs_exported(function):
    return bool(function.graphs) and all(function.graphs.values())


def small(name):
    """A published config with a network small enough for a test; its head and codec as they are."""
    config = load_config(name)
    if config.model.backbone.type == 'HRNet':
        for stage in ('stage1', 'stage2', 'stage3', 'stage4'):
            part = config.model.backbone.extra[stage]
            part.num_modules = 1
            part.num_blocks = (1,) * len(part.num_blocks)
    elif config.model.backbone.type == 'CSPNeXt':
        config.model.backbone.update(deepen_factor=0.167, widen_factor=0.375)
        config.model.head.in_channels = 384
    else:
        config.model.backbone.depth = 18
        config.model.head.in_channels = 512
    return config


@pytest.mark.parametrize(
    'name, flip_test',
    [
        ('topdown_heatmap/coco/td-hm_hrnet-w32_8xb64-210e_coco-256x192.py', True),
        (RESNET, False),
        ('rtmpose/body8/rtmpose-m_8xb256-420e_body8-256x192.py', True),
    ],
    ids=['heatmaps of HRNet, with its mirror image', 'deconvolutions of SimpleBaseline', 'SimCC of RTMPose'],
)
def test_estimators_of_random_weights(name, flip_test):
    expected, found = two_runtimes(small(POSE + name), flip_test=flip_test)
    assert_same_poses(
        expected.estimate([[f] for f in frames()], crowd(3, 2)), found.estimate([[f] for f in frames()], crowd(3, 2))
    )
    assert runs_exported(found.model.extract_feat) and runs_exported(found.model.head.forward)


def test_backbone_of_three_frames(repository):
    import pipeline.networks.estimators.dcpose  # noqa: F401

    config = small(repository / 'configs/dcpose/dcpose_hrnet-w48_20e_posetrack17-384x288.py')
    crops = torch.randn(2, 3, 3, 64, 64)
    models = []
    for speed in (Speed(trace=False), Speed(**OPENVINO)):
        torch.manual_seed(0)
        models.append(build_network(config, MODELS, None, 'cpu', speed)[0])
    expected, found = (model.extract_feat(crops) for model in models)
    assert [tuple(x.shape) for x in found] == [tuple(x.shape) for x in expected] == [(2, 3, 48, 16, 16)]
    torch.testing.assert_close(found[0], expected[0], rtol=1e-4, atol=1e-5)
    assert runs_exported(models[1].extract_feat)


class TestRealModels:
    @pytest.fixture(scope='class')
    @classmethod
    def clip(cls, shared):
        with open_source(shared('video', 'two_people_1080p.mp4'), end='60f') as source:
            return [frame for frame in source if frame.index % 12 == 0]

    @pytest.fixture(scope='class')
    @classmethod
    def detections(cls, shared, clip):
        files = shared('weights', 'rtmdet_nano_person.py'), shared('weights', 'rtmdet_nano_person.pth')
        expected = PersonDetector.from_config(*files)
        found = PersonDetector.from_config(*files, speed=OPENVINO)
        assert runs_exported(found.model.extract_feat) and runs_exported(found.model.bbox_head.forward)
        return expected.detect(clip), found.detect(clip)

    def test_same_boxes(self, detections):
        for a, b in zip(*detections):
            assert len(a) == len(b) >= 2
            np.testing.assert_allclose(b.bboxes, a.bboxes, atol=TOLERANCE)
            np.testing.assert_allclose(b.scores, a.scores, atol=1e-4)

    def test_same_poses(self, shared, clip, detections, monkeypatch):
        weights = shared('weights')
        monkeypatch.syspath_prepend(str(weights))
        expected, found = two_runtimes(weights / 'ultralight_simplepose.py', weights / 'ultralight_simplepose.pth')
        windows = [[frame] for frame in clip]
        assert_same_poses(expected.estimate(windows, detections[0]), found.estimate(windows, detections[0]))
        assert runs_exported(found.model.extract_feat) and runs_exported(found.model.head.forward)


@pytest.mark.parametrize('runtime', ['tensorrt', 'onnxruntime'])
def test_unknown_runtime(runtime):
    with pytest.raises(InputError, match=f"^runtime '{runtime}': .*allowed are torch, openvino$"):
        PoseEstimator.from_config(POSE + RESNET, device='cpu', speed=dict(runtime=runtime))


def test_half_precision_is_that_of_backbone_and_neck():
    """The head's numbers stay in single precision: from equal features both give the same."""
    torch.manual_seed(0)
    models = []
    for speed in (Speed(trace=False), Speed(half=True, **OPENVINO)):
        torch.manual_seed(0)
        models.append(build_network(small(POSE + RESNET), MODELS, None, 'cpu', speed)[0])
    crops = torch.randn(3, 3, 256, 192)
    expected, found = (model.extract_feat(crops) for model in models)
    assert [features.dtype for features in found] == [torch.float32]
    apart = (found[0] - expected[0]).abs().max() / expected[0].abs().max()
    assert apart < 0.05
    if multiplies_bf16():
        assert apart > 1e-4
    heads = [model.head.forward(expected) for model in models]
    torch.testing.assert_close(heads[1], heads[0], rtol=1e-4, atol=1e-4 * float(heads[0].abs().max()))
    assert all(runs_exported(part) for part in (models[1].extract_feat, models[1].head.forward))


def test_network_outside_torch_is_left_alone():
    class Outside(torch.nn.Module):
        def extract_feat(self, inputs):
            return inputs

    model = Outside()
    run_exported(model, Config(dict(model=dict(type='Outside'))))
    assert 'extract_feat' not in vars(model)
