"""Fold batch norms into the convolutions before them: same numbers, fewer passes over memory."""

import copy
import re
from collections import Counter
from typing import Iterator, Tuple

import torch
from mmcv.cnn import ConvModule
from mmcv.cnn.bricks import wrappers
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

# Exactly these: a subclass may compute something else. mmcv's wrappers differ for empty input only.
CONVOLUTIONS = {nn.Conv2d, nn.ConvTranspose2d, wrappers.Conv2d, wrappers.ConvTranspose2d}


def fuse_batch_norms(model: nn.Module) -> int:
    """Fold every batch norm of ``model`` whose convolution is known for certain; in place.

    With frozen statistics a batch norm is a scale and a shift per channel, which the
    convolution's weight and bias can carry (Ioffe & Szegedy 2015, section 3.1, at
    inference). Certain are the pairs inside mmcv's ``ConvModule``, neighbours in an
    ``nn.Sequential``, and children called ``conv1`` and ``bn1`` (any number, or none).
    A convolution that several norms share (RTMDet's head) is copied for each of them.

    Returns:
        How many norms were folded.
    """
    pairs = [(parent, *names) for parent in model.modules() for names in _pairs(parent)]
    uses = Counter(id(child) for parent in model.modules() for child in parent._modules.values())
    for parent, conv_name, norm_name in pairs:
        conv, norm = getattr(parent, conv_name), getattr(parent, norm_name)
        setattr(parent, conv_name, _folded(copy.deepcopy(conv) if uses[id(conv)] > 1 else conv, norm))
        setattr(parent, norm_name, nn.Identity())
    return len(pairs)


def _pairs(parent: nn.Module) -> Iterator[Tuple[str, str]]:
    """Names of a convolution and of the batch norm that is always applied right after it."""
    for conv_name, norm_name in _candidates(parent):
        conv, norm = getattr(parent, conv_name, None), getattr(parent, norm_name, None)
        if (
            type(conv) in CONVOLUTIONS
            and isinstance(norm, _BatchNorm)
            and norm.track_running_stats
            and 'weight' in conv._parameters
            and norm.num_features == conv.out_channels
        ):
            yield conv_name, norm_name


def _candidates(parent: nn.Module) -> Iterator[Tuple[str, str]]:
    if isinstance(parent, ConvModule):
        if parent.with_norm and parent.order.index('norm') == parent.order.index('conv') + 1:
            yield 'conv', parent.norm_name
    elif isinstance(parent, nn.Sequential):
        names = list(parent._modules)
        yield from zip(names, names[1:])
    else:
        for name in list(parent._modules):
            found = re.fullmatch(r'conv(\d*)', name)
            if found:
                yield name, f'bn{found[1]}'


@torch.no_grad()
def _folded(conv: nn.Module, norm: nn.Module) -> nn.Module:
    scale = torch.rsqrt(norm.running_var + norm.eps)
    scale = scale * norm.weight if norm.affine else scale
    shift = -norm.running_mean * scale
    shift = shift + norm.bias if norm.affine else shift
    if isinstance(conv, nn.ConvTranspose2d):  # (in, out / groups, h, w)
        grouped = conv.weight.unflatten(0, (conv.groups, -1))
        weight = (grouped * scale.view(conv.groups, 1, -1, 1, 1)).flatten(0, 1)
    else:  # (out, in / groups, h, w)
        weight = conv.weight * scale.view(-1, 1, 1, 1)
    conv.weight = nn.Parameter(weight, requires_grad=False)
    conv.bias = nn.Parameter(shift if conv.bias is None else shift + conv.bias * scale, requires_grad=False)
    return conv
