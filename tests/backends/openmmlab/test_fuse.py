"""Folding batch norms changes nothing but the time."""

import pytest
import torch
from mmcv.cnn import ConvModule
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from pipeline.backends.openmmlab import load_config
from pipeline.backends.openmmlab.fuse import fuse_batch_norms
from pipeline.backends.openmmlab.network import drop_pretrained


def with_statistics(model):
    """Batch norms as training leaves them, not the identities that a constructor makes."""
    torch.manual_seed(0)
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 2)
            if module.affine:
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.normal_(module.bias, 0, 0.2)
    return model.eval()


def parts(registry, scope, config, *names):
    drop_pretrained(config)
    return with_statistics(nn.ModuleList([registry.build(dict(config[name], _scope_=scope)) for name in names]))


def norms_in(model):
    return sum(isinstance(module, _BatchNorm) for module in model.modules())


@torch.no_grad()
def assert_same_after_fusing(model, run, left=0):
    before = run(model)
    folded = fuse_batch_norms(model)
    assert folded > 0 and norms_in(model) == left
    for a, b in zip(before, run(model)):
        torch.testing.assert_close(b, a, rtol=1e-4, atol=1e-4 * float(a.abs().max()))


@pytest.mark.parametrize(
    'name',
    [
        'body_2d_keypoint/topdown_heatmap/coco/td-hm_res50_8xb64-210e_coco-256x192.py',  # transposed convolutions
        'body_2d_keypoint/topdown_heatmap/coco/td-hm_hrnet-w32_8xb64-210e_coco-256x192.py',
        'body_2d_keypoint/topdown_heatmap/coco/td-hm_mobilenetv2_8xb64-210e_coco-256x192.py',
    ],
)
def test_pose_networks(name):
    from mmpose.registry import MODELS

    model = parts(MODELS, 'mmpose', load_config(f'mmpose::{name}').model, 'backbone', 'head')
    image = torch.randn(1, 3, 64, 64)
    assert_same_after_fusing(model, lambda m: [m[1](m[0](image))])


def test_rtmdet_whose_levels_share_convolutions_but_not_norms():
    from mmdet.registry import MODELS

    config = load_config('mmdet::rtmdet/rtmdet_tiny_8xb32-300e_coco.py').model
    model = parts(MODELS, 'mmdet', config, 'backbone', 'neck', 'bbox_head')
    head = model[2]
    assert head.cls_convs[0][0].conv is head.cls_convs[1][0].conv

    def run(m):
        scores, boxes = m[2](m[1](m[0](torch.linspace(-1, 1, 3 * 64 * 64).view(1, 3, 64, 64))))
        return [*scores, *boxes]

    assert_same_after_fusing(model, run)


@pytest.mark.parametrize('groups', [1, 3, 6])
@pytest.mark.parametrize('kind', [nn.Conv2d, nn.ConvTranspose2d])
@pytest.mark.parametrize('bias', [True, False])
def test_grouped_convolutions(kind, groups, bias):
    model = with_statistics(nn.Sequential(kind(6, 12, 3, stride=2, groups=groups, bias=bias), nn.BatchNorm2d(12)))
    image = torch.randn(2, 6, 9, 9)
    assert_same_after_fusing(model, lambda m: [m(image)])


def test_norm_without_scale_and_shift():
    model = with_statistics(nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4, affine=False)))
    image = torch.randn(2, 3, 5, 5)
    assert_same_after_fusing(model, lambda m: [m(image)])


@pytest.mark.parametrize(
    'model',
    [
        ConvModule(4, 4, 1, norm_cfg=dict(type='BN'), order=('norm', 'conv', 'act')),  # the norm comes first
        ConvModule(4, 4, 1, norm_cfg=dict(type='BN'), order=('conv', 'act', 'norm')),
        nn.Sequential(nn.Conv2d(4, 4, 1), nn.ReLU(), nn.BatchNorm2d(4)),
        nn.Sequential(nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4, track_running_stats=False)),
        nn.Sequential(torch.nn.utils.spectral_norm(nn.Conv2d(4, 4, 1)), nn.BatchNorm2d(4)),
    ],
    ids=['norm first', 'act between', 'relu between', 'batch statistics', 'spectral norm'],
)
def test_what_is_not_certain_is_left_alone(model):
    before = norms_in(model)
    assert fuse_batch_norms(model.eval()) == 0 and norms_in(model) == before
