"""RealNVP on the plane: the density of a keypoint's error (Dinh et al., 2017; RLE, Li et al., 2021)."""
import math
from typing import Tuple

import torch
from torch import Tensor, nn


def _mlp(hidden: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, hidden), nn.LeakyReLU(), nn.Linear(hidden, hidden), nn.LeakyReLU(),
                         nn.Linear(hidden, 2))


class RealNVP(nn.Module):
    """Six coupling layers between a normal distribution and the distribution of errors.

    Args:
        prior_mean: mean of the normal distribution in both coordinates. DSTA uses 0.5, RLE 0;
            it is no part of the weights, so weights trained with one are wrong with the other.
        hidden: width of the networks for scale and shift.
        num_layers: coupling layers; they keep y and x in turns.
    """

    def __init__(self, prior_mean: float = 0.5, hidden: int = 64, num_layers: int = 6):
        super().__init__()
        self.prior_mean = prior_mean
        self.scale = nn.ModuleList(nn.Sequential(*_mlp(hidden), nn.Tanh()) for _ in range(num_layers))
        self.shift = nn.ModuleList(_mlp(hidden) for _ in range(num_layers))
        keep = torch.tensor([[0., 1.], [1., 0.]])
        self.register_buffer('mask', keep.repeat((num_layers + 1) // 2, 1)[:num_layers])
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight, gain=0.01)  # starts as the identity, almost

    def to_data(self, z: Tensor) -> Tensor:
        """Map latent points ``(M, 2)`` to errors ``(M, 2)``; samples when ``z`` is drawn from the prior."""
        for mask, scale, shift in zip(self.mask, self.scale, self.shift):
            kept = mask * z
            z = kept + (1 - mask) * (z * torch.exp(scale(kept)) + shift(kept))
        return z

    def to_latent(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        """Map errors ``(M, 2)`` to latent points ``(M, 2)``; also the log-determinants ``(M,)`` of the map."""
        log_det = x.new_zeros(len(x))
        for i in reversed(range(len(self.mask))):
            moved = 1 - self.mask[i]
            kept = self.mask[i] * x
            scale, shift = self.scale[i](kept) * moved, self.shift[i](kept) * moved
            x = kept + moved * (x - shift) * torch.exp(-scale)
            log_det = log_det - scale.sum(dim=1)
        return x, log_det

    def log_prob(self, x: Tensor) -> Tensor:
        """Log-density ``(M,)`` of errors ``(M, 2)``."""
        z, log_det = self.to_latent(x)
        return log_det - 0.5 * (z - self.prior_mean).square().sum(dim=1) - math.log(2 * math.pi)
