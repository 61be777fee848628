"""Keypoint kinematics: neighbours, flow, velocity and acceleration (paper, section 3.1).

Legend: ``B`` windows, ``T`` frames, ``S`` sampled frames (every N-th, the first and
the last among them), ``C = K * D`` channels (one per joint and coordinate).
"""

from typing import Optional, Tuple

import torch
from torch import Tensor, nn


def neighbours(keypoints: Tensor, interval: int = 1) -> Tuple[Tensor, Tensor, Tensor]:
    """Poses before, at and after every sampled frame; the ends of the window repeat.

    The neighbours are one frame away whatever the interval, so a window sampled
    every 5th frame still shows its velocity.

    Args:
        keypoints: ``(B, T, C)``.
        interval: sample every ``interval``-th frame.

    Returns:
        Three tensors ``(B, S, C)``: previous, current, next.
    """
    previous = torch.cat([keypoints[:, :1], keypoints[:, :-1]], dim=1)
    following = torch.cat([keypoints[:, 1:], keypoints[:, -1:]], dim=1)
    return previous[:, ::interval], keypoints[:, ::interval], following[:, ::interval]


def keypoint_flow(previous: Tensor, current: Tensor, following: Tensor) -> Tensor:
    """Moving average of three frames (paper, Eq. 1); all ``(B, S, C)``."""
    return (previous + current + following) / 3


class ChannelAffine(nn.Module):
    """One weight and one bias per channel: ``w_c x_c + b_c``.

    Args:
        channels: ``C``.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels))
        self.bias = nn.Parameter(torch.empty(channels))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """As the published depth-wise convolutions of kernel 1: Xavier weights, biases in -1..1."""
        bound = (6 / (1 + self.weight.numel())) ** 0.5
        nn.init.uniform_(self.weight, -bound, bound)
        nn.init.uniform_(self.bias, -1, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight + self.bias


class Motion(nn.Module):
    """Embedded velocities and acceleration, the decoder's derivative features (paper, Eq. 2 and 7).

    The acceleration is the difference of the two embedded velocities, squared
    channel by channel, as in the published code.

    Args:
        channels: ``C``.
        velocity: emit the velocities from the previous and to the next frame.
        acceleration: emit the acceleration.
        affine: learn the weights and biases of Eq. 7 ("WB" in the paper's Table 5).
        time_step: duration of one frame in Eq. 2; 1 as published. Below 1 it
            magnifies velocities that are small beside the coordinates.
    """

    def __init__(
        self,
        channels: int,
        velocity: bool = True,
        acceleration: bool = True,
        affine: bool = True,
        time_step: float = 1.0,
    ):
        super().__init__()
        self.velocity, self.acceleration, self.time_step = velocity, acceleration, time_step
        self.out_channels = channels * (2 * velocity + acceleration)
        learned = affine and (velocity or acceleration)
        self.previous_affine = ChannelAffine(channels) if learned else nn.Identity()
        self.next_affine = ChannelAffine(channels) if learned else nn.Identity()
        self.acceleration_affine = ChannelAffine(channels) if affine and acceleration else nn.Identity()

    def forward(self, previous: Tensor, current: Tensor, following: Tensor) -> Optional[Tensor]:
        """``(B, S, C)`` three times -> ``(B, S, out_channels)``, or None when all features are off."""
        if not self.out_channels:
            return None
        arriving = self.previous_affine((current - previous) / self.time_step)
        leaving = self.next_affine((following - current) / self.time_step)
        features = [arriving, leaving] if self.velocity else []
        if self.acceleration:
            features.append(self.acceleration_affine((leaving - arriving).square()))
        return torch.cat(features, dim=-1)
