"""HANet, the Kinematic-aware Hierarchical Attention Network, in its reading order.

Jin et al., "Kinematic-aware Hierarchical Attention Network for Human Pose
Estimation in Videos", WACV 2023; https://github.com/KyungMinJin/HANet. Defaults
give the published network; what differs from it is an option that says so.

Legend: ``B`` windows, ``T`` frames of a window, ``N`` sample interval,
``S = (T - 1) / N + 1`` sampled frames, ``K`` joints of ``D`` coordinates,
``C = K * D`` channels, ``H`` base width, ``L`` encoder levels.
"""

from pathlib import Path
from typing import Optional, Union

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor, nn

from pipeline.backends.checkpoint import load_model
from pipeline.errors import InputError
from pipeline.networks.refiners.hanet.kinematics import Motion, keypoint_flow, neighbours
from pipeline.networks.refiners.hanet.layers import (
    DecoderLayer,
    EncoderLayer,
    interpolation_matrix,
    sinusoidal_positions,
)
from pipeline.networks.refiners.temporal import TemporalOutput, check_shape, check_window

CROSS_MASKS = ('plus-one', 'masked')


@MODELS.register_module()
class HANet(BaseModule):
    """Refines windows of poses with a hierarchical encoder and a decoder that sees motion.

    Args:
        num_keypoints: ``K``.
        dims: ``D``, coordinates per joint.
        window: ``T``; ``T - 1`` is a multiple of ``interval``.
        interval: ``N``; only every N-th frame (and its two neighbours) is looked at.
        embed_dims: ``H``; level i of the encoder is ``H * 2**i`` wide.
        num_levels: ``L``, encoder levels of one layer each.
        num_decoder_layers: as many as levels by default.
        num_heads: heads of every attention.
        ffn_ratio: width of the feed-forward networks over that of their layer.
        dropout: probability, used in training.
        pre_norm: layer norms in front of the branches (paper, Eq. 5) or, as in the
            published Sub-JHMDB network, behind them.
        cross_mask: what the decoder does with unsampled frames of its memory:
            'plus-one' adds 1 to their attention scores, which is what torch 1.9 to
            1.12 made of the published code and its weights most likely need;
            'masked' never looks at them, as intended. The same for N = 1.
        hierarchical: False gives a plain encoder (paper, Table 4): constant width
            ``H``, offsets from its last layer.
        use_flow: flow in the encoder's tokens (paper, Table 5).
        use_neighbours: previous and next pose in the encoder's tokens.
        use_velocity: velocities in the decoder's memory.
        use_acceleration: acceleration in the decoder's memory.
        motion_affine: learned weights and biases on velocity and acceleration.
        score_input: beyond the paper: joint scores go into the encoder's tokens
            and the decoder's memory; score 0 marks a missing joint.
        rate_input: beyond the paper: tokens and memory know the frame rate.
        self_mask: no frame attends to itself in the encoder, as published; the
            paper does not mention it.
        zero_init: beyond the paper: the untrained network is the identity (for
            N = 1; linear interpolation of the sampled poses otherwise).
        time_step: see :class:`Motion`; 1 as published.
        init_cfg: as in MMEngine.

    Raises:
        InputError: for a combination of arguments that cannot work.
    """

    def __init__(
        self,
        num_keypoints: int,
        dims: int,
        window: int,
        interval: int = 1,
        embed_dims: int = 256,
        num_levels: int = 5,
        num_decoder_layers: Optional[int] = None,
        num_heads: int = 4,
        ffn_ratio: float = 4.0,
        dropout: float = 0.1,
        pre_norm: bool = True,
        cross_mask: str = 'plus-one',
        hierarchical: bool = True,
        use_flow: bool = True,
        use_neighbours: bool = True,
        use_velocity: bool = True,
        use_acceleration: bool = True,
        motion_affine: bool = True,
        score_input: bool = False,
        rate_input: bool = False,
        self_mask: bool = True,
        zero_init: bool = False,
        time_step: float = 1.0,
        init_cfg=None,
    ):
        super().__init__(init_cfg)
        check_window(window, interval)
        _check_arguments(embed_dims, num_heads, num_levels, cross_mask)
        channels = num_keypoints * dims
        scores = num_keypoints if score_input else 0
        widths = [embed_dims * 2**i if hierarchical else embed_dims for i in range(num_levels)]
        layer = dict(num_heads=num_heads, ffn_ratio=ffn_ratio, dropout=dropout, pre_norm=pre_norm)

        self.num_keypoints, self.dims, self.window, self.interval = num_keypoints, dims, window, interval
        self.cross_mask, self.hierarchical, self.self_mask = cross_mask, hierarchical, self_mask
        self.use_flow, self.use_neighbours, self.score_input = use_flow, use_neighbours, score_input
        self.rate_input = rate_input

        # encoder
        self.encoder_embed = nn.Linear(channels * (1 + use_flow + 2 * use_neighbours) + scores, embed_dims)
        self.levels = nn.ModuleList(EncoderLayer(width, **layer) for width in widths)
        self.projections = nn.ModuleList(map(nn.Linear, widths[:-1], widths[1:])) if hierarchical else None
        self.offsets = nn.ModuleList(
            nn.Linear(width, embed_dims) for width in (widths if hierarchical else widths[-1:])
        )
        self.refined_head = nn.Linear(embed_dims, channels)

        # decoder
        self.motion = Motion(channels, use_velocity, use_acceleration, motion_affine, time_step)
        self.motion_embed = nn.Linear(embed_dims + self.motion.out_channels + scores, embed_dims)
        self.decoder_embed = nn.Conv1d(channels, embed_dims, kernel_size=5, padding=2)
        depth = num_levels if num_decoder_layers is None else num_decoder_layers
        self.decoder = nn.ModuleList(DecoderLayer(embed_dims, **layer) for _ in range(depth))
        self.decoder_norm = nn.LayerNorm(embed_dims)
        self.final_head = nn.Linear(embed_dims, channels)

        self.rate_embed = (
            nn.Sequential(nn.Linear(1, embed_dims), nn.LeakyReLU(), nn.Linear(embed_dims, embed_dims))
            if rate_input
            else None
        )
        for width in set(widths):
            self.register_buffer(f'positions_{width}', sinusoidal_positions(window, width), persistent=False)
        self.register_buffer('upsample', interpolation_matrix(window, interval), persistent=False)
        self.register_buffer('sampled', torch.arange(window) % interval == 0, persistent=False)
        self._reset_parameters(zero_init)

    @classmethod
    def from_checkpoint(cls, path: Union[str, Path], device: str = 'cpu') -> 'HANet':
        """Build the network that ``tools/convert_checkpoint.py hanet`` wrote, in evaluation mode.

        Raises:
            InputError: if the file is missing, broken, of another model, or its
                weights do not fit its config.
        """

        return load_model(path, expected=cls, device=device)[0]

    def forward(
        self,
        keypoints: Tensor,
        scores: Optional[Tensor] = None,
        fps: Optional[Tensor] = None,
        sampled_only: bool = False,
    ) -> TemporalOutput:
        """Refine windows.

        Args:
            keypoints: ``(B, T, C)``, normalised coordinates, x and y of a joint side by side.
            scores: ``(B, T, K)`` in 0..1, needed with ``score_input`` only.
            fps: ``(B,)`` frames per second, needed with ``rate_input`` only.
            sampled_only: skip unsampled frames in the encoder. With cross_mask
                'masked' the final poses are the same and most of the work is saved
                (N - 1 of N frames); with 'plus-one' they matter, and asking is an error.

        Raises:
            InputError: if a shape does not fit, an input is missing, or
                ``sampled_only`` would change the answer.
        """
        self._check_inputs(keypoints, scores, fps, sampled_only)
        previous, current, following = neighbours(keypoints, self.interval)  # (B, S, C)
        features = [keypoint_flow(previous, current, following)] if self.use_flow else []
        features += [current, previous, following] if self.use_neighbours else [current]
        features += [scores[:, :: self.interval]] if self.score_input else []
        tokens = torch.cat(features, dim=-1)  # (B, S, 4C)
        motion = [previous, current, following]
        if not sampled_only:  # unsampled frames enter as zeros, not as nothing
            tokens, *motion = (self._spread(part) for part in (tokens, *motion))  # (B, T, ...)
        rate = self.rate_embed(torch.log2(fps / 30)[:, None, None]) if self.rate_embed else 0.0  # (B, 1, H)

        offsets = self._encode(self.encoder_embed(tokens) + rate)  # (B, S or T, H)
        refined = self.refined_head(offsets) + motion[1]
        interpolated = self._interpolate(refined if sampled_only else refined[:, :: self.interval])

        memory = [offsets, self.motion(*motion)]
        memory += [features[-1] if sampled_only else self._spread(features[-1])] if self.score_input else []
        memory = self.motion_embed(torch.cat([part for part in memory if part is not None], dim=-1)) + rate
        decoded = self._decode(interpolated, memory)
        final = self.final_head(decoded) + interpolated
        return TemporalOutput(final, interpolated if sampled_only else refined, decoded)

    def _encode(self, x: Tensor) -> Tensor:
        """Mean offset embedding of all levels (paper, Eq. 4 to 6); ``(B, S or T, H)`` in and out."""
        # unsampled frames look, but are not looked at
        stride = self.interval if x.shape[1] == self.window else 1
        offsets = 0
        for i, level in enumerate(self.levels):
            positions = self._positions(x)
            x = level(x, positions, stride, self._identity_mask(len(positions), stride))
            if self.hierarchical:
                offsets = offsets + self.offsets[i](x)
                if i < len(self.levels) - 1:
                    x = self.projections[i](x)
        return offsets / len(self.levels) if self.hierarchical else self.offsets[0](x)

    def _decode(self, interpolated: Tensor, memory: Tensor) -> Tensor:
        """Decode ``(B, T, C)`` against a memory ``(B, S or T, H)`` into ``(B, T, H)`` (paper, Eq. 8)."""
        x = self.decoder_embed(interpolated.transpose(1, 2)).transpose(1, 2)
        positions, memory_positions = self._positions(x), self._positions(memory)
        mask = None
        if self.interval > 1 and memory.shape[1] == self.window:
            mask = self.sampled if self.cross_mask == 'masked' else (~self.sampled).to(x.dtype)
            mask = mask.expand(self.window, -1)
        for layer in self.decoder:
            x = layer(x, memory, positions, memory_positions, mask)
        return self.decoder_norm(x)

    def _positions(self, x: Tensor) -> Tensor:
        positions = getattr(self, f'positions_{x.shape[-1]}')
        return positions if x.shape[1] == self.window else positions[:: self.interval]

    def _identity_mask(self, frames: int, stride: int) -> Optional[Tensor]:
        if not self.self_mask:
            return None
        return ~torch.eye(frames, dtype=torch.bool, device=self.upsample.device)[:, ::stride]

    def _spread(self, x: Tensor) -> Tensor:
        """Put sampled frames ``(B, S, ...)`` in their places among ``T``, zeros elsewhere."""
        if self.interval == 1:
            return x
        spread = x.new_zeros(x.shape[0], self.window, x.shape[2])
        spread[:, :: self.interval] = x
        return spread

    def _interpolate(self, x: Tensor) -> Tensor:
        """Fill in unsampled frames linearly over time (``W_P`` of Eq. 8); ``(B, S, C) -> (B, T, C)``."""
        return x if self.interval == 1 else self.upsample.to(x.dtype) @ x

    def _reset_parameters(self, zero_init: bool) -> None:
        # as published: Xavier for all that is a matrix, PyTorch's defaults for the rest
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)
        if zero_init:
            for head in (self.refined_head, self.final_head):
                nn.init.zeros_(head.weight)
                nn.init.zeros_(head.bias)

    def _check_inputs(self, keypoints, scores, fps, sampled_only) -> None:
        batch, window, joints = len(keypoints), self.window, self.num_keypoints
        check_shape('keypoints', keypoints, (batch, window, joints * self.dims), '(B, T, K * D)')
        if self.score_input:
            check_shape('scores', scores, (batch, window, joints), '(B, T, K)')
        if self.rate_embed:
            check_shape('fps', fps, (batch,), '(B,)')
        if sampled_only and self.interval > 1 and self.cross_mask == 'plus-one':
            raise InputError("sampled_only needs cross_mask 'masked': it changes the answer of 'plus-one'")


def _check_arguments(embed_dims: int, num_heads: int, num_levels: int, cross_mask: str) -> None:
    if embed_dims % 2 or embed_dims % num_heads:
        raise InputError(f'embed_dims {embed_dims} must be even and a multiple of num_heads {num_heads}')
    if not 1 <= num_levels <= 12:
        raise InputError(f'num_levels {num_levels} must be in 1..12 (each doubles the width)')
    if cross_mask not in CROSS_MASKS:
        raise InputError(f'cross_mask {cross_mask!r} is unknown: allowed are {", ".join(CROSS_MASKS)}')
