"""SmoothNet (Zeng et al., ECCV 2022): fully connected layers over time, one set for all channels.

Legend: ``B`` windows, ``T`` frames, ``C = K * D`` channels.
"""

from typing import Optional

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor, nn

from pipeline.networks.refiners.temporal import TemporalOutput, check_shape


class TemporalBlock(nn.Module):
    """Two linear maps with dropout and leaky ReLU (slope 0.2), around them a shortcut."""

    def __init__(self, width: int, hidden: int, dropout: float):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(width, hidden),
            nn.Dropout(dropout),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden, width),
            nn.Dropout(dropout),
            nn.LeakyReLU(0.2),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


class TemporalBranch(nn.Sequential):
    """From ``frames`` values of one channel to ``T``: embedding, residual blocks, read-out."""

    def __init__(self, frames: int, window: int, width: int, hidden: int, num_blocks: int, dropout: float):
        super().__init__(
            nn.Linear(frames, width),
            nn.LeakyReLU(0.1),
            *(TemporalBlock(width, hidden, dropout) for _ in range(num_blocks)),
            nn.Linear(width, window),
        )


@MODELS.register_module()
class SmoothNet(BaseModule):
    """Long-range temporal smoothing without any mixing of joints.

    Args:
        num_keypoints: ``K``.
        dims: ``D``.
        window: ``T``.
        embed_dims: width of the residual stream.
        hidden_dims: width inside the residual blocks.
        num_blocks: residual blocks.
        dropout: probability, used in training.
        motion_aware: further branches for velocity and acceleration, fused by a
            linear map (the paper's full model; its released code has positions only).
        init_cfg: as in MMEngine.
    """

    interval = 1

    def __init__(
        self,
        num_keypoints: int,
        dims: int,
        window: int = 32,
        embed_dims: int = 512,
        hidden_dims: int = 256,
        num_blocks: int = 3,
        dropout: float = 0.5,
        motion_aware: bool = False,
        init_cfg=None,
    ):
        super().__init__(init_cfg)
        self.num_keypoints, self.dims, self.window = num_keypoints, dims, window
        orders = 3 if motion_aware else 1  # position, velocity, acceleration
        self.branches = nn.ModuleList(
            TemporalBranch(window - order, window, embed_dims, hidden_dims, num_blocks, dropout)
            for order in range(orders)
        )
        self.fusion = nn.Linear(orders * window, window) if motion_aware else nn.Identity()

    def forward(
        self, keypoints: Tensor, scores: Optional[Tensor] = None, fps: Optional[Tensor] = None
    ) -> TemporalOutput:
        """Smooth ``(B, T, C)``; scores and frame rates are not used. Both outputs are the same tensor.

        Raises:
            InputError: if the shape does not fit.
        """
        check_shape(
            'keypoints', keypoints, (len(keypoints), self.window, self.num_keypoints * self.dims), '(B, T, K * D)'
        )
        x = keypoints.transpose(1, 2)  # (B, C, T)
        answers = []
        for branch in self.branches:
            answers.append(branch(x))
            x = x[..., 1:] - x[..., :-1]  # the next order
        final = self.fusion(torch.cat(answers, dim=-1)).transpose(1, 2)
        return TemporalOutput(final, final)
