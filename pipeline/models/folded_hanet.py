"""HANet on folded time: every token holds several frames, every answer starts from a filter bank.

Three steps beyond the paper, for a refiner that must be small, quick and never worse
than its input:

* **Folding.** ``P`` consecutive frames make one token of ``P K`` joints, so a window
  of T frames costs ``T / P`` tokens and yet no frame is skipped. (The paper's interval N
  skips frames to save the same work.) Flow and velocity are then those of the folds.
* **Adaptive smoothing.** Where HANet adds offsets to the raw input, and has to learn
  to cancel its jitter, offsets are here added to a mixture of fixed Gaussian filters
  (weighted by the scores), chosen for every joint and frame by a small network.
* **Smooth offsets.** Offsets are confined to the lowest frequencies of the window.

Legend: ``B`` windows, ``T`` frames, ``P`` frames of a fold, ``K`` joints, ``D``
coordinates, ``F`` filters.
"""
import math
from typing import Optional, Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

import pipeline.compat  # noqa: F401, before mmpose
from mmpose.registry import MODELS
from pipeline.errors import InputError
from pipeline.models.hanet.hanet import HANet, HANetOutput


@MODELS.register_module()
class FoldedHANet(BaseModule):
    """Refines windows of poses; takes and gives what :class:`HANet` does.

    Args:
        num_keypoints: ``K``.
        dims: ``D``.
        window: ``T``, a multiple of ``fold``.
        fold: ``P``.
        filter_widths: standard deviations, in frames, of the Gaussian filters that an
            answer starts from; the unfiltered input is always among them. Empty: the
            input alone, as in HANet.
        offset_frequencies: offsets are sums of this many cosines over the window
            (half waves 0 to n - 1); None leaves them free.
        hanet: further arguments of the inner :class:`HANet` (widths, levels, inputs, ablations).

    Raises:
        InputError: if the window is no multiple of the fold.
    """
    interval = 1  # every frame is read

    def __init__(self, num_keypoints: int, dims: int = 2, window: int = 32, fold: int = 4,
                 filter_widths: Sequence[float] = (1.0, 2.0, 4.0), offset_frequencies: Optional[int] = None,
                 init_cfg=None, **hanet):
        super().__init__(init_cfg)
        if fold < 1 or window % fold:
            raise InputError(f'window {window} is no multiple of fold {fold}')
        self.num_keypoints, self.dims, self.window, self.fold = num_keypoints, dims, window, fold
        hanet = {'zero_init': True, **hanet}
        self.hanet = HANet(num_keypoints * fold, dims, window // fold, interval=1, **hanet)
        self.smoother = AdaptiveSmoother(num_keypoints, dims, window, filter_widths) if filter_widths else None
        basis = cosine_basis(window, offset_frequencies) if offset_frequencies else None
        self.register_buffer('low_pass', basis.T @ basis if basis is not None else None, persistent=False)

    def forward(self, keypoints: Tensor, scores: Optional[Tensor] = None, fps: Optional[Tensor] = None) -> HANetOutput:
        """Refine windows.

        Args:
            keypoints: ``(B, T, K * D)``, normalised coordinates.
            scores: ``(B, T, K)`` in 0..1; 1 everywhere by default.
            fps: ``(B,)`` frames per second; 30 by default.
        """
        windows, frames, channels = keypoints.shape
        if scores is None:
            scores = keypoints.new_ones(windows, frames, self.num_keypoints)
        fps = keypoints.new_full((windows,), 30.0) if fps is None else fps
        folds = frames // self.fold
        inner = self.hanet(keypoints.reshape(windows, folds, self.fold * channels),
                           scores.reshape(windows, folds, -1) if self.hanet.score_input else None, fps)
        start = keypoints if self.smoother is None else self.smoother(keypoints, scores, fps)
        final, refined = (self._confine(pose.reshape(keypoints.shape) - keypoints) + start
                          for pose in (inner.final, inner.refined))
        return HANetOutput(final, refined)

    def _confine(self, offsets: Tensor) -> Tensor:
        return offsets if self.low_pass is None else self.low_pass @ offsets


class AdaptiveSmoother(nn.Module):
    """A mixture of score-weighted Gaussian filters over time, chosen per joint and frame.

    What chooses sees how far each filter's answer is from the input (a measure of local
    speed and noise), the scores, and the frame rate. It starts out as the input itself.

    Args:
        num_keypoints: ``K``.
        dims: ``D``.
        window: ``T``.
        widths: standard deviations in frames, ``F - 1`` of them.
        hidden: width of the choosing network.
    """

    def __init__(self, num_keypoints: int, dims: int, window: int, widths: Sequence[float], hidden: int = 16):
        super().__init__()
        self.num_keypoints, self.dims = num_keypoints, dims
        frames = torch.arange(window, dtype=torch.float32)
        distance = (frames[:, None] - frames).square()
        self.register_buffer('kernels', torch.stack([torch.exp(-distance / (2 * w * w)) for w in widths]),
                             persistent=False)  # (F - 1, T, T)
        filters = len(widths) + 1
        self.joint = nn.Parameter(torch.zeros(num_keypoints, hidden))
        self.choose = nn.Sequential(nn.Linear(filters + 2, hidden), nn.LeakyReLU(), nn.Linear(hidden, hidden),
                                    nn.LeakyReLU(), nn.Linear(hidden, filters))
        nn.init.zeros_(self.choose[-1].weight)
        with torch.no_grad():
            self.choose[-1].bias.copy_(torch.tensor([2.0] + [0.0] * len(widths)))

    def forward(self, keypoints: Tensor, scores: Tensor, fps: Tensor) -> Tensor:
        """``(B, T, K * D)``, ``(B, T, K)`` and ``(B,)`` -> ``(B, T, K * D)``."""
        windows, frames, _ = keypoints.shape
        pose = keypoints.unflatten(-1, (self.num_keypoints, self.dims))
        trust = scores + 1e-3  # joints never seen are filtered too
        weighted = (pose * trust[..., None]).flatten(2)
        answers = [pose]
        for kernel in self.kernels:
            answers.append((kernel @ weighted).view_as(pose) / (kernel @ trust)[..., None])
        answers = torch.stack(answers, dim=-1)  # (B, T, K, D, F)
        spread = (answers[..., 1:] - pose[..., None]).square().sum(3)  # (B, T, K, F - 1)
        rate = torch.log2(fps / 30)[:, None, None, None].expand(windows, frames, self.num_keypoints, 1)
        # logarithms: what matters is by how many times one filter is farther off than another
        features = torch.cat([torch.log10(spread + 1e-7), scores[..., None],
                              torch.log10(self._speed(pose) + 1e-7), rate], dim=-1)
        hidden = self.choose[0](features) + self.joint
        choice = self.choose[1:](hidden).softmax(dim=-1)
        return (answers * choice[:, :, :, None]).sum(-1).flatten(2)

    @staticmethod
    def _speed(pose: Tensor) -> Tensor:
        """Squared step to the next frame, the last repeated; ``(B, T, K, 1)``."""
        step = (pose[:, 1:] - pose[:, :-1]).square().sum(-1, keepdim=True)
        return torch.cat([step, step[:, -1:]], dim=1)


def cosine_basis(window: int, count: int) -> Tensor:
    """The ``count`` slowest vectors of the orthonormal DCT-II; ``(count, T)``."""
    time = torch.arange(window, dtype=torch.float32) + 0.5
    basis = torch.cos(math.pi / window * torch.arange(count)[:, None] * time) * math.sqrt(2 / window)
    basis[0] /= math.sqrt(2)
    return basis
