"""Where frames stand in a window, and transformer layers with positions in the queries and keys only.

Legend: ``B`` windows, ``T`` query frames, ``S`` key frames, ``C`` width, ``h`` heads.
"""

import math
from typing import Optional

import torch
import torch.nn.functional as F
from torch import Tensor, nn


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


class Attention(nn.Module):
    """Multi-head attention with one joint projection for queries, keys and values.

    Positions enter linearly, ``W (x + p) = W x + W p``, so they are projected once
    for the whole batch instead of once per window.

    Args:
        width: ``C``, a multiple of ``num_heads``.
        num_heads: ``h``.
        dropout: probability of dropping an attention weight.
    """

    def __init__(self, width: int, num_heads: int, dropout: float = 0.0):
        super().__init__()
        self.num_heads, self.dropout = num_heads, dropout
        self.in_proj = nn.Linear(width, 3 * width)
        self.out_proj = nn.Linear(width, width)
        nn.init.zeros_(self.in_proj.bias)
        nn.init.zeros_(self.out_proj.bias)

    def attend_self(self, x: Tensor, positions: Tensor, stride: int = 1, mask: Optional[Tensor] = None) -> Tensor:
        """Frames attend to every ``stride``-th frame of their own window.

        Args:
            x: ``(B, T, C)``.
            positions: ``(T, C)``.
            stride: 1 lets all frames be keys.
            mask: ``(T, S)`` bool, False where a frame must not look.

        Returns:
            ``(B, T, C)``.
        """
        if stride > 1:
            return self.attend(x, x[:, ::stride], positions, positions[::stride], mask)
        width = x.shape[-1]
        placed, value = self.in_proj(x).split([2 * width, width], dim=-1)
        placed = placed + F.linear(positions, self.in_proj.weight[: 2 * width])
        return self._combine(*placed.chunk(2, dim=-1), value, mask)

    def attend(
        self, x: Tensor, memory: Tensor, positions: Tensor, memory_positions: Tensor, mask: Optional[Tensor] = None
    ) -> Tensor:
        """Frames attend to a memory.

        Args:
            x: ``(B, T, C)``.
            memory: ``(B, S, C)``.
            positions, memory_positions: ``(T, C)`` and ``(S, C)``.
            mask: broadcastable to ``(T, S)``; bool (False where a frame must not
                look) or float (added to the attention scores).

        Returns:
            ``(B, T, C)``.
        """
        width = x.shape[-1]
        weight, bias = self.in_proj.weight, self.in_proj.bias
        query = F.linear(x, weight[:width], bias[:width]) + F.linear(positions, weight[:width])
        key, value = F.linear(memory, weight[width:], bias[width:]).chunk(2, dim=-1)
        key = key + F.linear(memory_positions, weight[width : 2 * width])
        return self._combine(query, key, value, mask)

    def _combine(self, query: Tensor, key: Tensor, value: Tensor, mask: Optional[Tensor]) -> Tensor:
        query, key, value = (
            part.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)  # (B, h, T or S, C / h)
            for part in (query, key, value)
        )
        dropout = self.dropout if self.training else 0.0
        combined = F.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=dropout)
        return self.out_proj(combined.transpose(1, 2).flatten(2))


class FeedForward(nn.Sequential):
    """Two linear maps with a leaky ReLU (slope 0.01) between; ``(..., C) -> (..., C)``."""

    def __init__(self, width: int, hidden: int, dropout: float = 0.0):
        super().__init__(nn.Linear(width, hidden), nn.LeakyReLU(0.01), nn.Dropout(dropout), nn.Linear(hidden, width))


class Residual(nn.Module):
    """A residual branch: layer norm in front (pre-norm) or behind the sum (post-norm).

    Args:
        width: ``C``.
        pre_norm: place of the layer norm.
        dropout: probability of dropping a channel of the branch.
    """

    def __init__(self, width: int, pre_norm: bool, dropout: float = 0.0):
        super().__init__()
        self.pre_norm = pre_norm
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, branch) -> Tensor:
        if self.pre_norm:
            return x + self.dropout(branch(self.norm(x)))
        return self.norm(x + self.dropout(branch(x)))


class EncoderLayer(nn.Module):
    """Self-attention over the frames, then a feed-forward network (paper, Eq. 5).

    Args:
        width: ``C``.
        num_heads: ``h``.
        ffn_ratio: width of the feed-forward network over ``C``.
        dropout: in attention weights, inside the feed-forward network and on both branches.
        pre_norm: layer norms in front of the branches.
    """

    def __init__(self, width: int, num_heads: int, ffn_ratio: float, dropout: float, pre_norm: bool):
        super().__init__()
        self.attention = Attention(width, num_heads, dropout)
        self.attention_residual = Residual(width, pre_norm, dropout)
        self.ffn = FeedForward(width, round(width * ffn_ratio), dropout)
        self.ffn_residual = Residual(width, pre_norm, dropout)

    def forward(self, x: Tensor, positions: Tensor, stride: int = 1, mask: Optional[Tensor] = None) -> Tensor:
        """``(B, T, C) -> (B, T, C)``; the other arguments as in :meth:`Attention.attend_self`."""
        x = self.attention_residual(x, lambda y: self.attention.attend_self(y, positions, stride, mask))
        return self.ffn_residual(x, self.ffn)


class DecoderLayer(nn.Module):
    """Self-attention, attention to a memory, and a feed-forward network (paper, Eq. 8).

    Args: as :class:`EncoderLayer`.
    """

    def __init__(self, width: int, num_heads: int, ffn_ratio: float, dropout: float, pre_norm: bool):
        super().__init__()
        self.attention = Attention(width, num_heads, dropout)
        self.attention_residual = Residual(width, pre_norm, dropout)
        self.cross_attention = Attention(width, num_heads, dropout)
        self.cross_attention_residual = Residual(width, pre_norm, dropout)
        self.ffn = FeedForward(width, round(width * ffn_ratio), dropout)
        self.ffn_residual = Residual(width, pre_norm, dropout)

    def forward(
        self, x: Tensor, memory: Tensor, positions: Tensor, memory_positions: Tensor, mask: Optional[Tensor] = None
    ) -> Tensor:
        """``(B, T, C)``, memory ``(B, S, C)`` -> ``(B, T, C)``; ``mask`` as in :meth:`Attention.attend`."""
        x = self.attention_residual(x, lambda y: self.attention.attend_self(y, positions))
        x = self.cross_attention_residual(
            x, lambda y: self.cross_attention.attend(y, memory, positions, memory_positions, mask)
        )
        return self.ffn_residual(x, self.ffn)
