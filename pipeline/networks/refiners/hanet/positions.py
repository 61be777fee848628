"""Where frames stand in a window: their positions, and interpolation between sampled ones."""

import math

import torch
from torch import Tensor


def sinusoidal_positions(window: int, width: int) -> Tensor:
    """Encoding of the frames of a window, scaled so that any window spans one turn (0 to 2 pi).

    Divisors run to almost 10000 squared, a trait of the published code that its
    weights depend on.

    Args:
        window: number of frames ``T``.
        width: channels, even; channel 2k is a sine, channel 2k + 1 its cosine.

    Returns:
        ``(T, width)`` float32 in -1..1.
    """
    times = torch.arange(window, dtype=torch.float32) / (window - 1 + 1e-6) * (2 * math.pi)
    pairs = torch.arange(width // 2, dtype=torch.float32)
    angles = times[:, None] / 10000 ** (4 * pairs / width)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)


def interpolation_matrix(window: int, interval: int) -> Tensor:
    """``(T, S)`` weights of linear interpolation between every ``interval``-th frame."""
    distance = (torch.arange(window)[:, None] - torch.arange(0, window, interval)).abs()
    return (1 - distance / interval).clamp(min=0)
