"""The pre-norm transformer block of vision transformers (Dosovitskiy et al., 2021, Eq. 2 and 3)."""
import torch.nn.functional as F
from mmcv.cnn.bricks.drop import DropPath
from torch import Tensor, nn


class Attention(nn.Module):
    """Multi-head self-attention over the middle axis.

    Args:
        dim: width ``D`` of a token, divisible by ``num_heads``.
        num_heads: heads, each ``D / num_heads`` wide.
    """

    def __init__(self, dim: int, num_heads: int):
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, L, D)`` to ``(B, L, D)``."""
        heads = self.qkv(x).unflatten(-1, (3, self.num_heads, -1))  # (B, L, 3, heads, D / heads)
        query, key, value = heads.permute(2, 0, 3, 1, 4)            # each (B, heads, L, D / heads)
        mixed = F.scaled_dot_product_attention(query, key, value)
        return self.proj(mixed.transpose(1, 2).flatten(2))


class MLP(nn.Module):
    """Two linear maps with an exact GELU between them, ``(..., D)`` to ``(..., D)``."""

    def __init__(self, dim: int, hidden: int):
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class TransformerBlock(nn.Module):
    """``x + attention(norm(x))``, then ``x + mlp(norm(x))``.

    Args:
        dim: width of a token.
        num_heads: attention heads.
        mlp_ratio: hidden width of the MLP over ``dim``.
        drop_path: probability with which a sample skips a branch in training.
    """

    def __init__(self, dim: int, num_heads: int, mlp_ratio: float, drop_path: float = 0.):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attn = Attention(dim, num_heads)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = MLP(dim, int(dim * mlp_ratio))
        self.drop_path = DropPath(drop_path) if drop_path else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """``(B, L, D)`` to ``(B, L, D)``."""
        x = x + self.drop_path(self.attn(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))


def transformer_blocks(depth: int, dim: int, num_heads: int, mlp_ratio: float, drop_path: float) -> nn.ModuleList:
    """``depth`` blocks whose drop-path rate rises linearly from 0 to ``drop_path``."""
    return nn.ModuleList(TransformerBlock(dim, num_heads, mlp_ratio, drop_path * i / max(depth - 1, 1))
                         for i in range(depth))
