"""Deformable convolutions through mmcv's modules, against loops over pixels and numerical gradients."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmcv.ops import (
    DeformConv2d,
    DeformConv2dPack,
    ModulatedDeformConv2d,
    ModulatedDeformConv2dPack,
    deform_conv2d,
    modulated_deform_conv2d,
)
from torch.autograd import gradcheck


def bilinear(plane, y, x):
    """Value of a 2D array between its pixels; zero outside."""
    y0, x0 = math.floor(y), math.floor(x)
    value = 0.0
    for i, wy in ((y0, 1 - (y - y0)), (y0 + 1, y - y0)):
        for j, wx in ((x0, 1 - (x - x0)), (x0 + 1, x - x0)):
            if 0 <= i < plane.shape[0] and 0 <= j < plane.shape[1]:
                value += wy * wx * plane[i, j]
    return value


def by_loops(image, weight, offset, mask, stride, padding, dilation, deform_groups):
    """Equation 1 of Zhu et al. 2019, one output value after the other."""
    batch, channels = image.shape[:2]
    out_channels, per_group, kh, kw = weight.shape
    groups = channels // per_group
    out = np.zeros((batch, out_channels, *offset.shape[2:]))
    for b, o, y, x in np.ndindex(*out.shape):
        for c in range(per_group):
            channel = o // (out_channels // groups) * per_group + c
            deform_group = channel // (channels // deform_groups)
            for k, (i, j) in enumerate(np.ndindex(kh, kw)):
                place = deform_group * kh * kw + k
                dy, dx = offset[b, 2 * place, y, x], offset[b, 2 * place + 1, y, x]
                sample = bilinear(
                    image[b, channel],
                    y * stride - padding + i * dilation + dy,
                    x * stride - padding + j * dilation + dx,
                )
                out[b, o, y, x] += weight[o, c, i, j] * mask[b, place, y, x] * sample
    return out


CASES = [
    dict(stride=1, padding=1, dilation=1, groups=1, deform_groups=1),
    dict(stride=2, padding=0, dilation=1, groups=2, deform_groups=2),
    dict(stride=1, padding=2, dilation=2, groups=1, deform_groups=4),
]


def tensors(stride, padding, dilation, groups, deform_groups, size=6, dtype=torch.float64):
    torch.manual_seed(0)
    out = (size + 2 * padding - 2 * dilation - 1) // stride + 1
    return (
        torch.randn(2, 4, size, size, dtype=dtype),
        torch.randn(2, 18 * deform_groups, out, out, dtype=dtype),
        torch.rand(2, 9 * deform_groups, out, out, dtype=dtype),
        torch.randn(4, 4 // groups, 3, 3, dtype=dtype),
    )


@pytest.mark.parametrize('case', CASES)
def test_modulated_against_loops(case):
    image, offset, mask, weight = tensors(**case)
    layer = ModulatedDeformConv2d(4, 4, 3, **case).double()
    layer.weight.data, layer.bias.data = weight, torch.arange(4.0).double()
    expected = by_loops(
        image.numpy(),
        weight.numpy(),
        offset.numpy(),
        mask.numpy(),
        case['stride'],
        case['padding'],
        case['dilation'],
        case['deform_groups'],
    )
    found = layer(image, offset, mask).detach().numpy()
    np.testing.assert_allclose(found, expected + np.arange(4).reshape(1, 4, 1, 1), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize('case', CASES)
def test_plain_against_loops(case):
    image, offset, mask, weight = tensors(**case)
    layer = DeformConv2d(4, 4, 3, **case).double()
    layer.weight.data = weight
    expected = by_loops(
        image.numpy(),
        weight.numpy(),
        offset.numpy(),
        np.ones(mask.shape),
        case['stride'],
        case['padding'],
        case['dilation'],
        case['deform_groups'],
    )
    np.testing.assert_allclose(layer(image, offset).detach().numpy(), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize('case', CASES[:2])
def test_gradients_of_every_input(case):
    image, offset, mask, weight = (value.requires_grad_() for value in tensors(**case, size=4))
    options = [case[name] for name in ('stride', 'padding', 'dilation', 'groups', 'deform_groups')]
    bias = torch.randn(4, dtype=torch.float64, requires_grad=True)

    def correct(function, *inputs):
        return gradcheck(function, inputs, fast_mode=True)

    assert correct(lambda *inputs: modulated_deform_conv2d(*inputs, *options), image, offset, mask, weight, bias)
    assert correct(lambda *inputs: modulated_deform_conv2d(*inputs, None, *options), image, offset, mask, weight)
    assert correct(lambda *inputs: deform_conv2d(*inputs, *options), image, offset, weight)


def test_packed_layers_begin_as_plain_convolutions():
    image = torch.randn(2, 4, 7, 7)
    plain, modulated = DeformConv2dPack(4, 6, 3, padding=1), ModulatedDeformConv2dPack(4, 6, 3, padding=1)
    torch.testing.assert_close(plain(image), F.conv2d(image, plain.weight, padding=1), rtol=1e-4, atol=1e-5)
    # their modulation begins at sigmoid(0)
    torch.testing.assert_close(
        modulated(image), 0.5 * F.conv2d(image, modulated.weight, padding=1), rtol=1e-4, atol=1e-5
    )


def test_integer_offsets_shift_the_picture():
    image = torch.randn(1, 1, 5, 5)
    layer = DeformConv2d(1, 1, 1)
    layer.weight.data.fill_(1)
    offset = torch.zeros(1, 2, 5, 5)
    offset[:, 0], offset[:, 1] = 1, -2  # one down, two to the left
    shifted = torch.zeros_like(image)
    shifted[..., :4, 2:] = image[..., 1:, :3]
    torch.testing.assert_close(layer(image, offset), shifted)
