"""Estimators of several frames as MMPose models: preprocessing, the video chain, flip test, configs, presets."""

import numpy as np
import pytest
import torch

from pipeline.errors import InputError

pytest.importorskip('mmpose')
from mmengine.config import Config  # noqa: E402
from mmengine.registry import DefaultScope  # noqa: E402
from mmpose.registry import METRICS, MODELS, TRANSFORMS  # noqa: E402
from mmpose.structures import PoseDataSample  # noqa: E402

import pipeline.networks.estimators.dcpose  # noqa: E402, F401, registers
import pipeline.networks.estimators.dsta  # noqa: E402, F401, registers
from pipeline.backends.openmmlab.network import drop_pretrained  # noqa: E402
from pipeline.estimation import PoseEstimator  # noqa: E402
from pipeline.presets import load_preset  # noqa: E402
from pipeline.types import Detections, Frame  # noqa: E402

MEAN, STD = [123.675, 116.28, 103.53], [58.395, 57.12, 57.375]
FOLDERS = ('dcpose', 'dsta', 'hrnet_posetrack', 'simplebaseline_posetrack')
MODEL_NAMES = ('dcpose', 'dsta')


@pytest.fixture
def config(small_config, small_networks):
    return lambda name: small_config(*small_networks[name])


def frames(count: int):
    generator = np.random.default_rng(0)
    return [Frame(i, i / 30, generator.integers(0, 256, (120, 160, 3), np.uint8)) for i in range(count)]


PEOPLE = Detections(np.array([[10, 5, 60, 110], [70, 20, 110, 100]], np.float32), np.array([0.9, 0.8], np.float32))


@pytest.mark.parametrize('listed', [True, False])
def test_preprocessor_normalises_each_frame(listed):
    preprocessor = MODELS.build(dict(type='FramesDataPreprocessor', mean=MEAN, std=STD, bgr_to_rgb=True))
    inputs = torch.randint(0, 256, (2, 3, 3, 8, 6), dtype=torch.uint8)
    data = preprocessor(
        dict(inputs=list(inputs) if listed else inputs, data_samples=[PoseDataSample(), PoseDataSample()])
    )
    expected = (inputs.flip(2).float() - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
    torch.testing.assert_close(data['inputs'], expected)
    assert data['data_samples'][1].metainfo['batch_input_shape'] == (8, 6)


@pytest.mark.parametrize('name', MODEL_NAMES)
def test_in_the_video_chain(config, name):
    estimator = PoseEstimator.from_config(config(name))
    assert estimator.frame_offsets == (-1, 0, 1)
    assert estimator.skeleton.name == 'posetrack18' and estimator.skeleton.num_keypoints == 17
    assert estimator.takes_rgb  # nothing is swapped but the small crops
    if name == 'dcpose':
        make_output_depend_on_input(estimator.model)
    first, second, third, other = frames(4)
    posed = estimator.estimate([[first, second, third]], [PEOPLE])[0]
    assert posed.keypoints.shape == (2, 17, 2) and posed.keypoint_scores.shape == (2, 17)
    # all people of all frames at once, each with its own neighbours
    both = estimator.estimate([[first, second, third], [second, third, other]], [PEOPLE, PEOPLE[1:]])
    np.testing.assert_allclose(both[0].keypoints, posed.keypoints, rtol=1e-3, atol=1e-2)
    assert both[1].keypoints.shape == (1, 17, 2)
    for window in ([other, second, third], [first, other, third], [first, second, other]):
        changed = estimator.estimate([window], [PEOPLE])[0]
        assert np.abs(changed.keypoint_scores - posed.keypoint_scores).max() > 1e-6


def make_output_depend_on_input(model):
    """A fresh DCPose answers 0 (masks start near 0): give it weights as if it had learned something."""
    torch.manual_seed(0)
    for parameter in model.head.parameters():
        if parameter.ndim == 4:
            parameter.copy_(torch.randn_like(parameter) * parameter[0].numel() ** -0.5)


@pytest.mark.parametrize('name', MODEL_NAMES)
def test_rgb_and_bgr_give_the_same(config, name):
    """The wrapper's short cut (swap crops, not frames) against the pipeline as MMPose runs it."""
    torch.manual_seed(0)
    estimator = PoseEstimator.from_config(config(name), speed=dict(fuse=False, channels_last=False))
    make_output_depend_on_input(estimator.model)
    window = frames(3)
    posed = estimator.estimate([window], [PEOPLE[:1]])[0]

    estimator.model.data_preprocessor._channel_conversion = True
    bgr = [frame.image[..., ::-1].copy() for frame in window]
    sample = estimator.transforms(
        dict(
            estimator.metainfo,
            img=bgr[1],
            neighbours=[bgr[0], bgr[2]],
            bbox=PEOPLE.bboxes[:1],
            bbox_score=PEOPLE.scores[:1],
        )
    )
    with torch.no_grad():
        (result,) = estimator.model.test_step(dict(inputs=[sample['inputs']], data_samples=[sample['data_samples']]))
    np.testing.assert_allclose(posed.keypoints[0], result.pred_instances.keypoints[0], atol=1e-3)
    assert result.metainfo['frame_margins'] == (1, 1)


def test_regressed_coordinates_are_parts_of_the_enlarged_box(config):
    estimator = PoseEstimator.from_config(config('dsta'))
    weight, bias = estimator.model.head.coords[1].weight, estimator.model.head.coords[1].bias
    weight.zero_(), bias.copy_(torch.tensor([0.5, 1.0]))
    posed = estimator.estimate([frames(3)], [PEOPLE])[0]
    # x: the middle; y: the lower edge of the box, a quarter larger (both boxes are narrower than 3:4)
    np.testing.assert_allclose(posed.keypoints[0], np.tile([35, 57.5 + 1.25 * 105 / 2], (17, 1)), atol=1e-4)
    np.testing.assert_allclose(posed.keypoints[1], np.tile([90, 60 + 1.25 * 80 / 2], (17, 1)), atol=1e-4)


def test_flip_test_sees_no_left_or_right(config):
    torch.manual_seed(0)
    estimator = PoseEstimator.from_config(config('dsta'), flip_test=True)
    window = frames(3)
    sample = estimator.transforms(
        dict(
            estimator.metainfo,
            img=window[1].image,
            bbox=PEOPLE.bboxes[:1],
            neighbours=[window[0].image, window[2].image],
            bbox_score=PEOPLE.scores[:1],
        )
    )

    def poses(inputs):
        with torch.no_grad():
            feats = [estimator.model.extract_feat(x) for x in (inputs, inputs.flip(-1))]
            head = estimator.model.head
            return head.predict(feats, [sample['data_samples']], test_cfg=dict(flip_test=True))[0].keypoints[0]

    inputs = sample['inputs'][None].float() / 255
    straight, mirrored = poses(inputs), poses(inputs.flip(-1))[list(estimator.skeleton.flip_indices)]
    np.testing.assert_allclose(straight[:, 1], mirrored[:, 1], atol=1e-3)
    np.testing.assert_allclose(straight[:, 0] + mirrored[:, 0], 95, atol=1e-3)  # the crop is 96 px wide


@pytest.mark.parametrize('folder', FOLDERS)
def test_every_config_builds(repository, folder):
    configs = sorted((repository / 'configs' / folder).glob('*.py'))
    assert len(configs) % 2 == 0 and configs  # PoseTrack17 and 18
    for path in configs:
        config = Config.fromfile(path)
        drop_pretrained(config.model)
        with DefaultScope.overwrite_default_scope('mmpose'), torch.device('meta'):
            model = MODELS.build(config.model)
        for loader in (config.train_dataloader, config.val_dataloader, config.test_dataloader):
            with DefaultScope.overwrite_default_scope('mmpose'):
                kinds = [type(TRANSFORMS.build(step)).__name__ for step in loader.dataset.pipeline]
            assert ('LoadNeighbours' in kinds) == hasattr(model, 'frame_offsets')
            root = f'data/posetrack{17 if "posetrack17" in path.stem else 18}'
            assert loader.dataset.data_root == root
        assert config.val_evaluator.ann_file == config.test_evaluator.ann_file == f'{root}/annotations/val'
        METRICS.get(f'mmpose.{config.val_evaluator.type}')
        assert model.head.decoder is not None


@pytest.mark.parametrize('name, tool', [(name, f'convert_checkpoint.py {name}') for name in ('dcpose', 'dsta')])
def test_presets(name, tool, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = load_preset(name)['estimator']
    with pytest.raises(InputError, match='no such weights; its authors publish.*' + tool):
        PoseEstimator.from_config(**options)
    (tmp_path / 'checkpoints').mkdir()
    torch.save(dict(state_dict={'backbone.conv1.weight': torch.zeros(1)}), tmp_path / options['checkpoint'])
    with pytest.raises(InputError, match='weights that do not fit the config'):
        PoseEstimator.from_config(**options)
