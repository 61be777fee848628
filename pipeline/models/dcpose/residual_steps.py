"""Residual steps block of RSN (Cai et al., ECCV 2020), which DCPose builds its fusion networks from."""
import torch
from torch import Tensor, nn


class ConvNorm(nn.Module):
    """Convolution of stride 1 that keeps the size, batch norm, ReLU unless told otherwise."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, relu: bool = True):
        super().__init__()
        # the bias before a norm does nothing, but the published weights have it
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, padding=kernel_size // 2)
        self.bn = nn.BatchNorm2d(out_channels)
        self.activate = nn.ReLU(inplace=True) if relu else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.activate(self.bn(self.conv(x)))


class ResidualStepsBlock(nn.Module):
    """Four branches of one to four 3x3 convolutions, each step fed by the branch above it.

    Args:
        in_channels, out_channels: channels.
        project: shortcut by a 1x1 convolution instead of the identity (which needs equal channels).
    """

    def __init__(self, in_channels: int, out_channels: int, project: bool):
        super().__init__()
        width = in_channels * 26 // 64
        self.reduce = ConvNorm(in_channels, 4 * width, 1)
        self.branches = nn.ModuleList(
            nn.ModuleList(ConvNorm(width, width, 3) for _ in range(steps)) for steps in (1, 2, 3, 4))
        self.expand = ConvNorm(4 * width, out_channels, 1, relu=False)
        self.shortcut = ConvNorm(in_channels, out_channels, 1, relu=False) if project else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """``(B, in_channels, h, w)`` to ``(B, out_channels, h, w)``."""
        above = []
        ends = []
        for part, branch in zip(self.reduce(x).chunk(4, dim=1), self.branches):
            here, y = [], part
            for step, conv in enumerate(branch):
                y = conv(y + above[step] if step < len(above) else y)
                here.append(y)
            ends.append(y)
            above = here
        return torch.relu(self.expand(torch.cat(ends, dim=1)) + self.shortcut(x))


def residual_steps(in_channels: int, out_channels: int, num_blocks: int) -> nn.Sequential:
    """A chain of blocks; the first one changes the number of channels."""
    return nn.Sequential(*(ResidualStepsBlock(in_channels if i == 0 else out_channels, out_channels, i == 0)
                           for i in range(num_blocks)))
