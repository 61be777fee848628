"""DeciWatch (Zeng et al., ECCV 2022): denoise every N-th pose, recover the others.

Legend: ``B`` windows, ``T`` frames, ``N`` sample interval, ``S = (T - 1) / N + 1``
sampled frames, ``C = K * D`` channels, ``H`` width.
"""

from typing import Optional

from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor, nn

from pipeline.networks.refiners.hanet.layers import (
    DecoderLayer,
    EncoderLayer,
    interpolation_matrix,
    sinusoidal_positions,
)
from pipeline.networks.refiners.temporal import TemporalOutput, check_shape, check_window


@MODELS.register_module()
class DeciWatch(BaseModule):
    """A denoising encoder on sampled poses and a decoder that recovers the full rate.

    Args:
        num_keypoints: ``K``.
        dims: ``D``.
        window: ``T``; ``T - 1`` is a multiple of ``interval``.
        interval: ``N``; other frames are not looked at.
        embed_dims: ``H``.
        num_layers: of encoder and decoder each.
        num_heads: heads of every attention.
        ffn_ratio: width of the feed-forward networks over ``H``.
        dropout: probability, used in training.
        pre_norm: layer norms in front of the branches, or behind them.
        init_cfg: as in MMEngine.

    Raises:
        InputError: if window and interval do not fit.
    """

    def __init__(
        self,
        num_keypoints: int,
        dims: int,
        window: int = 101,
        interval: int = 10,
        embed_dims: int = 128,
        num_layers: int = 5,
        num_heads: int = 4,
        ffn_ratio: float = 4.0,
        dropout: float = 0.1,
        pre_norm: bool = True,
        init_cfg=None,
    ):
        super().__init__(init_cfg)
        check_window(window, interval)
        channels = num_keypoints * dims
        layer = dict(width=embed_dims, num_heads=num_heads, ffn_ratio=ffn_ratio, dropout=dropout, pre_norm=pre_norm)
        self.num_keypoints, self.dims, self.window, self.interval = num_keypoints, dims, window, interval
        self.denoise_embed = nn.Linear(channels, embed_dims)
        self.encoder = nn.ModuleList(EncoderLayer(**layer) for _ in range(num_layers))
        self.refined_head = nn.Linear(embed_dims, channels)
        self.recover_embed = nn.Conv1d(channels, embed_dims, kernel_size=5, padding=2)
        self.decoder = nn.ModuleList(DecoderLayer(**layer) for _ in range(num_layers))
        self.decoder_norm = nn.LayerNorm(embed_dims)
        self.final_head = nn.Linear(embed_dims, channels)
        self.register_buffer('positions', sinusoidal_positions(window, embed_dims), persistent=False)
        self.register_buffer('upsample', interpolation_matrix(window, interval), persistent=False)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)

    def forward(
        self, keypoints: Tensor, scores: Optional[Tensor] = None, fps: Optional[Tensor] = None
    ) -> TemporalOutput:
        """Recover ``(B, T, C)``; scores and frame rates are not used.

        Raises:
            InputError: if the shape does not fit.
        """
        check_shape(
            'keypoints', keypoints, (len(keypoints), self.window, self.num_keypoints * self.dims), '(B, T, K * D)'
        )
        sampled, sampled_positions = keypoints[:, :: self.interval], self.positions[:: self.interval]
        memory = self.denoise_embed(sampled)  # (B, S, H)
        for layer in self.encoder:
            memory = layer(memory, sampled_positions)
        refined = self.upsample @ (self.refined_head(memory) + sampled)  # (B, T, C)

        x = self.recover_embed(refined.transpose(1, 2)).transpose(1, 2)  # (B, T, H)
        for layer in self.decoder:
            x = layer(x, memory, self.positions, sampled_positions)
        return TemporalOutput(self.final_head(self.decoder_norm(x)) + refined, refined)
