"""HANet over whole tracks against what the published code computes for the same windows, from the same weights.

The published forward is rebuilt here from torch's own attention, only to be timed and compared:
every frame goes through every layer (unsampled ones as zeros), attention returns its weights, the
last projection is made and dropped. :class:`pipeline.networks.refiners.hanet.HANet` gives the same numbers
without what is not used. ``masked`` is what torch 1.8 makes of the published code, ``plus-one``
what torch 1.9 to 1.12 make of it.
"""

import math
from typing import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.networks.refiners.hanet.hanet import HANet
from pipeline.networks.refiners.hanet.kinematics import keypoint_flow
from tools.research.benchmarks.figures import Figure, median_ratio
from tools.research.benchmarks.settings import Settings
from tools.research.benchmarks.taking_turns import take_turns

#: Published sizes: joints, coordinates, window, interval, width, layer norms in front.
SIZES = {
    'Human3.6M': dict(num_keypoints=17, dims=3, window=101, interval=5, embed_dims=64, pre_norm=True),
    'Sub-JHMDB': dict(num_keypoints=15, dims=2, window=11, interval=5, embed_dims=256, pre_norm=False),
}
TARGET = 3.0
#: Frames between windows, and windows in a batch, as published; and how many windows a track has here,
#: which go through ours together.
STEP, BATCH, WINDOWS = 5, 16, 32


def measure(settings: Settings) -> Iterator[Figure]:
    """Poses of window output a second, published and ours, and their ratio."""
    for name, sizes in SIZES.items():
        for mask in ('masked', 'plus-one'):
            torch.manual_seed(0)
            model = HANet(**sizes, cross_mask=mask).eval()
            track = torch.randn((WINDOWS - 1) * STEP + model.window, model.num_keypoints * model.dims).cumsum(0) / 10
            windows = track.unfold(0, model.window, STEP).transpose(1, 2).contiguous()
            yield from _compare(f'HANet at {name} size, {mask}', model, windows, settings.repeats)


@torch.inference_mode()
def _compare(name: str, model: HANet, windows: Tensor, repeats: int) -> Iterator[Figure]:
    ours = {'sampled_only': True} if model.cross_mask == 'masked' else {}

    def published():
        return torch.cat([published_forward(model, part) for part in windows.split(BATCH)])

    difference = float((model(windows, **ours).final - published()).abs().max())

    def run(function):
        def timed():
            with torch.inference_mode():
                function()

        return timed

    seconds = take_turns({'published': run(published), 'ours': run(lambda: model(windows, **ours))}, repeats)
    poses = windows.shape[0] * windows.shape[1]
    for variant, values in seconds.items():
        yield Figure(f'{name}: {variant}', poses / sorted(values)[len(values) // 2], 'window poses/s')
    yield Figure(f'{name}: largest difference of the outputs', difference, '', at_most=1e-4)
    yield Figure(
        f'{name}: ours against published', median_ratio(seconds['published'], seconds['ours']), 'times', at_least=TARGET
    )


def published_forward(model: HANet, keypoints: Tensor) -> Tensor:
    """``(B, T, C)`` to final poses ``(B, T, C)``, the published way (reference: the paper's code, eq. 1 to 8)."""
    mask = model.sampled.to(keypoints.dtype)[:, None]
    shifted = [
        keypoints[:, [max(t - 1, 0) for t in range(model.window)]],
        keypoints,
        keypoints[:, [min(t + 1, model.window - 1) for t in range(model.window)]],
    ]
    previous, current, following = (part * mask for part in shifted)
    flow = keypoint_flow(previous, current, following)
    x = model.encoder_embed(torch.cat([flow, current, previous, following], dim=-1))
    blocked = torch.eye(model.window, dtype=torch.bool) | ~model.sampled
    offsets = []
    for i, level in enumerate(model.levels):
        positions = model._positions(x)
        x = _residual(
            level.attention_residual,
            x,
            lambda y, attention=level.attention, at=positions: _attend(attention, y, y, at, at, blocked),
        )
        x = _residual(level.ffn_residual, x, level.ffn)
        offsets.append(model.offsets[i](x))
        width = x.shape[-1]
        # the published code makes a projection after the last level too, and drops it
        grown = model.projections[i](x) if i < len(model.projections) else F.linear(x, x.new_zeros(2 * width, width))
        x = grown if i < len(model.projections) else x
    mean = sum(offsets) / len(offsets)
    refined = model.refined_head(mean) + current
    interpolated = F.interpolate(
        refined[:, :: model.interval].transpose(1, 2), size=model.window, mode='linear', align_corners=True
    ).transpose(1, 2)
    memory = model.motion_embed(torch.cat([mean, model.motion(previous, current, following)], dim=-1))
    y = model.decoder_embed(interpolated.transpose(1, 2)).transpose(1, 2)
    positions = model._positions(y)
    added = (
        (~model.sampled).to(y.dtype) if model.cross_mask == 'plus-one' else torch.where(model.sampled, 0.0, -math.inf)
    )
    for layer in model.decoder:
        y = _residual(
            layer.attention_residual,
            y,
            lambda z, attention=layer.attention: _attend(attention, z, z, positions, positions),
        )
        y = _residual(
            layer.cross_attention_residual,
            y,
            lambda z, attention=layer.cross_attention: _attend(
                attention, z, memory, positions, positions, added.expand(model.window, -1)
            ),
        )
        y = _residual(layer.ffn_residual, y, layer.ffn)
    return model.final_head(model.decoder_norm(y)) + interpolated


def _attend(attention, x: Tensor, memory: Tensor, positions: Tensor, memory_positions: Tensor, mask=None) -> Tensor:
    """torch's multi-head attention as the published layers call it: frames first, weights computed."""
    query, key, value = (part.transpose(0, 1) for part in (x + positions, memory + memory_positions, memory))
    answer, _ = F.multi_head_attention_forward(
        query,
        key,
        value,
        x.shape[-1],
        attention.num_heads,
        attention.in_proj.weight,
        attention.in_proj.bias,
        None,
        None,
        False,
        0.0,
        attention.out_proj.weight,
        attention.out_proj.bias,
        training=False,
        attn_mask=mask,
    )
    return answer.transpose(0, 1)


def _residual(residual, x: Tensor, branch) -> Tensor:
    return residual(x, branch)
