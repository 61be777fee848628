"""Networks are built in the right scope, on a device that is there, with transforms that exist."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch import nn

from pipeline.backends.openmmlab import Speed, accepts_rgb, build_network, build_transforms, takes_frame, to_bgr
from pipeline.errors import InputError


def backbone(**options):
    return dict(type='PoseBackbone', **options)


def estimator_config():
    return Config(
        dict(
            model=dict(
                type='TopdownPoseEstimator',
                data_preprocessor=dict(type='PoseDataPreprocessor'),
                backbone=dict(
                    type='ResNet', depth=18, init_cfg=dict(type='Pretrained', checkpoint='http://no.where/x.pth')
                ),
                head=dict(
                    type='HeatmapHead',
                    in_channels=512,
                    out_channels=17,
                    loss=dict(type='KeypointMSELoss'),
                    decoder=dict(type='MSRAHeatmap', input_size=(64, 64), heatmap_size=(16, 16), sigma=2),
                ),
            )
        )
    )


@pytest.mark.parametrize('scope', [None, 'mmdet', 'mmpose', 'mmengine'])
def test_pose_model_is_built_whatever_the_default_scope_is(scope):
    from mmpose.models import ResNet
    from mmpose.registry import MODELS

    with DefaultScope.overwrite_default_scope(scope):
        model, meta = build_network(estimator_config(), MODELS, None, 'cpu', Speed())
        current = DefaultScope.get_current_instance()
        assert (current and current.scope_name) == scope or scope is None
    assert isinstance(model.backbone, ResNet) and not model.training and meta == {}


def test_speed_options_do_what_they_say():
    from mmpose.registry import MODELS

    torch.manual_seed(0)
    plain, _ = build_network(estimator_config(), MODELS, None, 'cpu', Speed(fuse=False, channels_last=False))
    torch.manual_seed(0)
    fast, _ = build_network(estimator_config(), MODELS, None, 'cpu', Speed(half=True))
    weight = fast.backbone.layer1[0].conv1.weight
    assert weight.is_contiguous(memory_format=torch.channels_last)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in fast.backbone.modules())
    assert any(isinstance(m, nn.BatchNorm2d) for m in plain.backbone.modules())
    image = torch.randn(1, 3, 64, 64)
    features, exact = fast.extract_feat(image)[0], plain.extract_feat(image)[0]
    assert weight.dtype == torch.bfloat16 and features.dtype == torch.float32
    assert not torch.equal(features, exact)
    torch.testing.assert_close(features, exact, rtol=0.1, atol=0.1)


@pytest.mark.parametrize('model', [dict(type='NoSuchModel'), dict(type='ResNet', depth=19), dict(depth=18)])
def test_model_that_cannot_be_built_is_one_line(model):
    from mmpose.registry import MODELS

    with pytest.raises(InputError, match='^[^\n]*its model cannot be built[^\n]*$'):
        build_network(Config(dict(model=model)), MODELS, None, 'cpu', Speed())


def test_config_without_a_model():
    from mmpose.registry import MODELS

    with pytest.raises(InputError, match='has no model'):
        build_network(Config(dict(optimizer=1)), MODELS, None, 'cpu', Speed())


@pytest.mark.parametrize('transform', [dict(type='NoSuchTransform'), dict(type='TopdownAffine'), dict(size=1)])
def test_transform_that_cannot_be_built_is_one_line(transform):
    from mmpose.registry import TRANSFORMS

    with pytest.raises(InputError, match='^[^\n]*test pipeline cannot be built[^\n]*$'):
        build_transforms([transform], TRANSFORMS, Config())


class TestChannels:
    def pipeline(self, *extra):
        from mmpose.registry import TRANSFORMS

        return build_transforms(
            [
                dict(type='LoadImage'),
                dict(type='GetBBoxCenterScale'),
                dict(type='TopdownAffine', input_size=(48, 64)),
                *extra,
                dict(type='PackPoseInputs'),
            ],
            TRANSFORMS,
            Config(),
        )

    def preprocessor(self, bgr_to_rgb):
        from mmpose.models.data_preprocessors import PoseDataPreprocessor

        return PoseDataPreprocessor(mean=[120.0, 110.0, 100.0], std=[60.0, 50.0, 40.0], bgr_to_rgb=bgr_to_rgb)

    @pytest.mark.parametrize('bgr_to_rgb', [True, False])
    def test_swapping_late_gives_the_same_input_bit_for_bit(self, bgr_to_rgb):
        image = np.random.default_rng(0).integers(0, 256, (90, 70, 3), np.uint8)
        transforms = self.pipeline()

        def network_input(preprocessor, picture):
            sample = transforms(dict(img=picture, bbox=np.array([[5.0, 8.0, 50.0, 80.0]]), bbox_score=np.ones(1)))
            return preprocessor(dict(inputs=[sample['inputs']], data_samples=[sample['data_samples']]))['inputs']

        late = self.preprocessor(bgr_to_rgb)
        assert accepts_rgb(transforms, late)
        assert torch.equal(network_input(late, image), network_input(self.preprocessor(bgr_to_rgb), to_bgr(image)))

    def test_unknown_transforms_get_bgr_unless_they_declare_otherwise(self):
        from mmpose.registry import TRANSFORMS

        class Own:
            def __call__(self, sample):
                return sample

        transforms, preprocessor = self.pipeline(), self.preprocessor(True)
        transforms.transforms.insert(1, Own())
        assert not accepts_rgb(transforms, preprocessor) and preprocessor._channel_conversion
        Own.channel_blind = True
        assert accepts_rgb(transforms, preprocessor)
        assert not accepts_rgb(self.pipeline(dict(type='PhotometricDistortion')), self.preprocessor(True))
        assert TRANSFORMS.scope == 'mmpose'

    def test_loading_is_left_out_before_a_transform_that_takes_the_frame(self):
        transforms = self.pipeline()
        names = [type(transform).__name__ for transform in transforms.transforms]
        assert not takes_frame(transforms) and len(transforms.transforms) == len(names)
        transforms.transforms[1].takes_frame = True
        assert takes_frame(transforms)
        assert [type(transform).__name__ for transform in transforms.transforms] == names[1:]
        assert takes_frame(transforms) and len(transforms.transforms) == len(names) - 1

    def test_padding_in_a_colour_is_not_blind(self):
        from mmdet.registry import TRANSFORMS

        for value, blind in (((114, 114, 114), True), ((1, 2, 3), False)):
            transforms = build_transforms(
                [dict(type='Pad', size=(64, 64), pad_val=dict(img=value))], TRANSFORMS, Config()
            )
            assert accepts_rgb(transforms, self.preprocessor(False)) is blind
