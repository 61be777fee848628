"""DCPose against numbers of the published code, and its parts on their own."""

import json

import numpy as np
import pytest
import torch

from pipeline.errors import InputError

pytest.importorskip('mmpose')
from mmengine.structures import InstanceData, PixelData  # noqa: E402
from mmpose.registry import MODELS  # noqa: E402
from mmpose.structures import PoseDataSample  # noqa: E402

import pipeline.networks.estimators.dcpose as dcpose  # noqa: E402
from pipeline.networks.estimators.published_weights import convert_dcpose as convert  # noqa: E402
from tests import hashinit  # noqa: E402


def hrnet(width: int, blocks: int = 4, modules=(1, 4, 3)) -> dict:
    """Config of an HRNet of any width, as deep as HRNet-W48 by default."""
    widths = [width * 2**i for i in range(4)]
    stages = {
        f'stage{i}': dict(
            num_modules=count, num_branches=i, block='BASIC', num_blocks=(blocks,) * i, num_channels=widths[:i]
        )
        for i, count in zip((2, 3, 4), modules)
    }
    stem = dict(num_modules=1, num_branches=1, block='BOTTLENECK', num_blocks=(blocks,), num_channels=(64,))
    return dict(type='HRNet', in_channels=3, extra=dict(stage1=stem, **stages))


def build(width: int, backbone=None, **kwargs):
    return MODELS.build(
        dict(
            type='DCPose', backbone=backbone or hrnet(width), head=dict(type='DCPoseHead', in_channels=width, **kwargs)
        )
    )


def close(ours, fixture, tolerance=1e-4):
    ours = ours.detach().numpy() if isinstance(ours, torch.Tensor) else ours
    np.testing.assert_allclose(ours, fixture, rtol=tolerance, atol=tolerance)


def shapes(state_dict) -> dict:
    return {name: tuple(value.shape) for name, value in state_dict.items()}


@pytest.fixture(scope='module')
def model(fixtures):
    keys = json.loads(fixtures('dcpose', 'dcpose_keys_W8.json').read_text())
    names = {name for name, *_ in keys}
    published = {
        name: torch.from_numpy(hashinit.value(name, tuple(shape), names, bn_gamma=0.8)) for name, shape, *_ in keys
    }
    model = build(8).eval()
    model.load_state_dict(convert(published), strict=True)
    return model


@pytest.fixture(scope='module')
def numbers(fixtures):
    return np.load(fixtures('dcpose', 'dcpose_small.npz'))


@pytest.mark.parametrize('width, parameters', [(8, 3_742_358), (48, 65_198_798)])
def test_published_keys_fill_the_whole_model(fixtures, width, parameters):
    keys = json.loads(fixtures('dcpose', f'dcpose_keys_W{width}.json').read_text())
    with torch.device('meta'):
        model = build(width)
        published = {name: torch.empty(shape) for name, shape, *_ in keys}
    assert len(published) == 2215
    assert shapes(convert(published)) == shapes(model.state_dict())
    assert sum(p.numel() for p in model.parameters()) == parameters


@pytest.mark.parametrize(
    'key', ['conv1.weight', 'diff_temporal_fuse.layers.0.conv_bn_relu4.conv.bias', 'offsets_list.0.1.weight']
)
def test_unknown_keys_are_named(key):
    with pytest.raises(InputError, match=key):
        convert({key: torch.zeros(1)})


def test_forward_and_every_stage_between(model, numbers):
    # channels of the published input: current, previous, next
    frames = torch.from_numpy(hashinit.input_array('dcpose_small_input', (2, 9, 128, 96), 2.0)).unflatten(1, (3, 3))
    with torch.no_grad():
        rough = model.head.rough(model.extract_feat(frames[:, [1, 0, 2]]))
    close(rough[:, [1, 0, 2]].transpose(0, 1).flatten(0, 1), numbers['i:rough'])

    seen = {}
    hooks = [
        module.register_forward_hook(lambda m, i, o, name=name: seen.__setitem__(name, o))
        for name, module in model.head.named_modules()
    ]
    output = model.head.correct(rough, torch.from_numpy(numbers['margin']))
    for hook in hooks:
        hook.remove()
    close(seen['residual_fusion'], numbers['i:prf'])
    close(seen['merger'], numbers['i:ptm'])
    close(seen['features'], numbers['i:combine'])
    for i in range(5):
        close(seen[f'warps.{i}'], numbers[f'i:warped.{i}'])
        close(seen[f'warps.{i}.offset'][1, ::17], numbers[f'i:offset.{i}[1]'])
        close(seen[f'warps.{i}.mask'][1, ::17], numbers[f'i:mask.{i}[1]'])
    close(output, numbers['output'])


def test_loss_weighs_heatmaps_before_the_square(numbers):
    output = torch.from_numpy(numbers['output']).requires_grad_()
    target, weight = torch.from_numpy(numbers['loss_target']), torch.from_numpy(numbers['loss_weight'])[..., 0]
    loss = dcpose.WeightedHeatmapLoss()(output, target, weight)
    close(loss, numbers['loss'], 1e-5)
    loss.backward()
    close(output.grad, numbers['loss_grad'], 1e-6)


def test_gradient_reaches_every_part(model):
    rough = torch.rand(1, 3, 17, 16, 12, requires_grad=True)
    model.zero_grad()
    model.head.correct(rough).square().sum().backward()
    assert rough.grad.abs().amin(dim=(0, 2, 3, 4)).shape == (3,)
    assert (rough.grad.abs().sum(dim=(0, 2, 3, 4)) > 0).all()
    still = [
        name
        for name, parameter in model.head.named_parameters()
        if parameter.grad is None or parameter.grad.abs().sum() == 0
    ]
    assert still == ['final_layer.weight', 'final_layer.bias']


def test_the_nearer_frame_weighs_more(model):
    torch.manual_seed(0)
    rough = torch.rand(1, 3, 17, 16, 12)
    with torch.no_grad():
        at_one = model.head.correct(rough)
        close(model.head.correct(rough, torch.tensor([[4, 4]])), at_one)  # only their ratio counts
        mirrored = model.head.correct(rough, torch.tensor([[1, 3]]))
    assert not torch.allclose(mirrored, at_one, atol=1e-3)


def test_a_fresh_warp_is_the_identity():
    warp = dcpose.HeatmapWarp(4, 17, dilation=3)
    torch.nn.init.zeros_(warp.offset.weight)
    heatmaps = torch.rand(2, 17, 12, 9)
    features = torch.rand(2, 4, 12, 9)
    warp.mask = torch.nn.Conv2d(4, 17 * 9, 1)
    torch.nn.init.zeros_(warp.mask.weight), torch.nn.init.ones_(warp.mask.bias)
    close(warp(features, heatmaps), heatmaps, 1e-6)


def test_rough_estimator_can_be_frozen_or_supervised():
    tiny = hrnet(4, blocks=1, modules=(1, 1, 1))
    sample = PoseDataSample(
        gt_instance_labels=InstanceData(keypoint_weights=torch.ones(1, 17)),
        gt_fields=PixelData(heatmaps=torch.rand(17, 16, 16)),
        metainfo=dict(frame_margins=(1, 1)),
    )
    feats_in = torch.rand(1, 3, 3, 64, 64)

    frozen = MODELS.build(
        dict(type='DCPose', backbone=tiny, freeze_rough=True, head=dict(type='DCPoseHead', in_channels=4))
    )
    losses = frozen(feats_in, [sample], mode='loss')
    assert set(losses) == {'loss_kpt', 'acc_pose'}
    losses['loss_kpt'].backward()
    trained = {name.split('.')[1] for name, p in frozen.named_parameters() if p.grad is not None}
    assert trained == {'residual_fusion', 'merger', 'features', 'warps'}

    both = build(4, tiny, rough_loss_weight=0.5)
    losses = both(feats_in, [sample], mode='loss')
    (losses['loss_kpt'] + losses['loss_rough']).backward()
    assert all(p.grad is not None for p in both.parameters())


@pytest.mark.parametrize('offsets', [(0, -1, 1), (-1, 1, 2), (-1, 0), (-2, -1, 0)])
def test_frames_are_one_before_and_one_after(offsets):
    with pytest.raises(ValueError, match='frame_offsets'):
        MODELS.build(
            dict(
                type='DCPose',
                backbone=hrnet(4, 1, (1, 1, 1)),
                frame_offsets=offsets,
                head=dict(type='DCPoseHead', in_channels=4),
            )
        )
