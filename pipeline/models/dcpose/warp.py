"""Resampling of heatmaps where a network says so (DCPose, Sec. 3.4)."""
import torch
from torch import Tensor, nn
from torchvision.ops import deform_conv2d


class HeatmapWarp(nn.Module):
    """Modulated deformable convolution of heatmaps, offsets and masks read off other features.

    Each joint's heatmap has offsets and masks of its own. It starts as the identity. The mask is
    used as it comes, without a sigmoid, as published.

    Args:
        in_channels: channels of the features that offsets and masks come from.
        num_joints: heatmaps ``K``.
        dilation: spacing of the 3x3 grid of samples, in px of the heatmap.
    """

    def __init__(self, in_channels: int, num_joints: int, dilation: int):
        super().__init__()
        self.dilation = dilation
        same_size = dict(kernel_size=3, dilation=dilation, padding=dilation, bias=False)
        self.offset = nn.Conv2d(in_channels, num_joints * 9 * 2, **same_size)  # per joint and sample: dy, dx
        self.mask = nn.Conv2d(in_channels, num_joints * 9, **same_size)
        self.weight = nn.Parameter(torch.zeros(num_joints, num_joints, 3, 3))
        self.bias = nn.Parameter(torch.zeros(num_joints))
        with torch.no_grad():
            self.weight[:, :, 1, 1] = torch.eye(num_joints)

    def forward(self, features: Tensor, heatmaps: Tensor) -> Tensor:
        """``(B, C, h, w)`` and ``(B, K, h, w)`` to warped heatmaps ``(B, K, h, w)``."""
        return deform_conv2d(heatmaps, self.offset(features), self.weight, self.bias, padding=self.dilation,
                             dilation=self.dilation, mask=self.mask(features))
