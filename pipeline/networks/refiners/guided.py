"""Guided HANet: a network that rates joints, and filters that repair them accordingly.

HANet answers with offsets that are added to the input. Offsets can express any repair
but hardly learn one: exchanging left and right, or bridging a burst of misses, is a product
of "which frames" and "where to". Here HANet and a small network of local evidence only
judge, and four differentiable steps act on their judgement:

1. **Exchange** left and right where they are inverted (one probability per joint and frame).
2. **Trust**: weigh every joint of every frame, beside its score.
3. **Smooth** with a bank of Gaussian filters under these weights, so that a distrusted
   burst is bridged from its sides, and mix the answers per joint and frame.
4. **Offset**: HANet's own, confined to slow changes, for what the steps before cannot say.

With ``width`` it also says how sure it is: a width per joint and frame, from the same evidence, trained by
likelihood (:class:`pipeline.training.losses.WidthLoss`) without a say in the poses.

Time is folded: ``P`` consecutive frames make one token of HANet, so that no frame is
skipped and a window costs ``T / P`` tokens. (The paper's interval skips frames instead.)
The untrained network is the identity, almost.

Legend: ``B`` windows, ``T`` frames, ``P`` frames of a fold, ``K`` joints, ``D``
coordinates, ``F`` filters, the unfiltered pose among them.
"""

import math
from typing import Optional, Sequence

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor, nn

from pipeline.errors import InputError
from pipeline.networks.refiners.hanet.hanet import HANet
from pipeline.networks.refiners.temporal import TemporalOutput


@MODELS.register_module()
class GuidedHANet(BaseModule):
    """Refines windows of poses; takes and gives what :class:`HANet` does.

    Args:
        num_keypoints: ``K``.
        dims: ``D``.
        window: ``T``, a multiple of ``fold``.
        fold: ``P``.
        flip: ``K`` mirror joint indices; None leaves out the exchange of sides.
        filter_widths: standard deviations of the Gaussian filters, in frames.
        offset_frequencies: offsets are sums of this many cosines over the window
            (half waves 0 to n - 1); None leaves them free.
        trust: False leaves the weights at the scores.
        width: also estimate how far off each answer may be.
        hanet: further arguments of the inner :class:`HANet` (widths, levels, inputs, ablations).

    Raises:
        InputError: if the window is no multiple of the fold, or flip is no permutation of the joints.
    """

    interval = 1  # every frame is read

    def __init__(
        self,
        num_keypoints: int,
        dims: int = 2,
        window: int = 32,
        fold: int = 4,
        flip: Optional[Sequence[int]] = None,
        filter_widths: Sequence[float] = (0.7, 1.5, 3.0, 6.0),
        offset_frequencies: Optional[int] = None,
        trust: bool = True,
        width: bool = False,
        init_cfg=None,
        **hanet,
    ):
        super().__init__(init_cfg)
        if fold < 1 or window % fold:
            raise InputError(f'window {window} is no multiple of fold {fold}')
        if flip is not None and sorted(flip) != list(range(num_keypoints)):
            raise InputError(f'flip {list(flip)}: a permutation of {num_keypoints} joints is needed')
        self.num_keypoints, self.dims, self.window, self.fold, self.trust = num_keypoints, dims, window, fold, trust
        self.gives_width, self.rate_input = width, hanet.get('rate_input', False)
        self.flip = None if flip is None else list(flip)
        filters = len(filter_widths) + 1
        hanet = {'zero_init': True, **hanet}
        self.hanet = HANet(num_keypoints * fold, dims, window // fold, interval=1, **hanet)
        self.guide = nn.Linear(self.hanet.final_head.in_features, fold * num_keypoints * (2 + filters))
        self.judge = LocalJudge(num_keypoints, _count_evidence(len(filter_widths), flip is not None), 2)
        self.choose = LocalJudge(num_keypoints, len(filter_widths) + 2, filters, reach=0)
        self.doubt = LocalJudge(num_keypoints, len(filter_widths) + 4, 1) if width else None
        self.doubt_guide = nn.Linear(self.hanet.final_head.in_features, fold * num_keypoints) if width else None
        if width:
            nn.init.zeros_(self.doubt_guide.weight)
            nn.init.zeros_(self.doubt_guide.bias)
        nn.init.zeros_(self.guide.weight)
        with torch.no_grad():  # hardly any exchange, trust in all, mostly the pose itself
            self.guide.bias.copy_(torch.tensor([-4.0, 3.0, 2.0] + [0.0] * (filters - 1)).repeat(fold * num_keypoints))
        distance = torch.arange(window, dtype=torch.float32)
        distance = (distance[:, None] - distance).square()
        self.register_buffer(
            'kernels', torch.stack([torch.exp(-distance / (2 * w * w)) for w in filter_widths]), persistent=False
        )  # (F - 1, T, T)
        basis = cosine_basis(window, offset_frequencies) if offset_frequencies else None
        self.register_buffer('low_pass', None if basis is None else basis.T @ basis, persistent=False)

    def forward(
        self, keypoints: Tensor, scores: Optional[Tensor] = None, fps: Optional[Tensor] = None
    ) -> TemporalOutput:
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
        inner = self.hanet(
            keypoints.reshape(windows, folds, self.fold * channels),
            scores.reshape(windows, folds, -1) if self.hanet.score_input else None,
            fps,
        )
        guide = self.guide(inner.features).reshape(windows, frames, self.num_keypoints, -1)
        pose = keypoints.unflatten(-1, (self.num_keypoints, self.dims))
        rate = torch.log2(fps / 30)[:, None, None, None].expand(windows, frames, self.num_keypoints, 1)

        verdict = self.judge(self._evidence(pose, scores, rate)) + guide[..., :2]
        pose, scores = self._exchange(pose, scores, verdict[..., :1].sigmoid())
        weight = scores + 1e-3  # joints never seen are filtered too
        if self.trust:
            weight = weight * (verdict[..., 1].sigmoid() + 1e-3)
        answers = torch.cat([pose[None], self._smooth(pose, weight)])  # (F, B, T, K, D)
        choice = self.choose(torch.cat([_log_distance(answers[1:], pose), weight[..., None], rate], dim=-1))
        choice = (choice + guide[..., 2:]).softmax(dim=-1)
        start = torch.einsum('fbtkd,btkf->btkd', answers, choice).flatten(2)
        final, refined = (
            self._confine(poses.reshape(keypoints.shape) - keypoints) + start for poses in (inner.final, inner.refined)
        )
        if self.doubt is None:
            return TemporalOutput(final, refined)
        own = final.unflatten(-1, (self.num_keypoints, self.dims))
        log_width = self._width(answers, own, scores, weight, rate, inner.features)
        return TemporalOutput(final, refined, log_width=log_width)

    def _width(self, answers, final, scores, weight, rate, features) -> Tensor:
        """``(B, T, K)``; the poses do not learn from it, so that being sure cannot be had by being careful."""
        evidence = [_log_distance(answers, final), scores[..., None], weight[..., None], rate]
        doubt = self.doubt(torch.cat(evidence, dim=-1).detach())[..., 0]
        guide = self.doubt_guide(features.detach()).reshape(doubt.shape)
        return (doubt + guide - 3.5).clamp(-8.0, 2.0)  # untrained: 3 % of the unit

    def _smooth(self, pose: Tensor, weight: Tensor) -> Tensor:
        """Weighted Gaussian means over time: ``(B, T, K, D)`` and ``(B, T, K)`` -> ``(F - 1, B, T, K, D)``."""
        kernels = self.kernels[:, None]
        total = kernels @ (pose * weight[..., None]).flatten(2)  # (F - 1, B, T, K * D)
        return total.unflatten(-1, pose.shape[2:]) / (kernels @ weight)[..., None]

    def _evidence(self, pose: Tensor, scores: Tensor, rate: Tensor) -> Tensor:
        """What can be said of a joint from its neighbours in time; ``(B, T, K, E)``.

        Logarithms of squared distances, for what matters is by how many times one is larger than
        another: to the frames beside, and to the smooth tracks; of the joint and of its mirror joint.
        """
        smooth = self._smooth(pose, scores + 1e-3)
        earlier = torch.cat([pose[:, :1], pose[:, :-1]], dim=1)
        later = torch.cat([pose[:, 1:], pose[:, -1:]], dim=1)
        near = torch.cat([torch.stack([earlier, later]), smooth])  # (F + 1, B, T, K, D)
        parts = [_log_distance(near, pose), scores[..., None], rate]
        if self.flip is not None:
            parts.append(_log_distance(near, pose[:, :, self.flip]))
        return torch.cat(parts, dim=-1)

    def _exchange(self, pose: Tensor, scores: Tensor, inverted: Tensor):
        """Move joints towards their mirror joints by ``inverted`` ``(B, T, K, 1)`` in 0..1."""
        if self.flip is None:
            return pose, scores
        mirrored, mirrored_scores = pose[:, :, self.flip], scores[:, :, self.flip]
        return (torch.lerp(pose, mirrored, inverted), torch.lerp(scores, mirrored_scores, inverted[..., 0]))

    def _confine(self, offsets: Tensor) -> Tensor:
        return offsets if self.low_pass is None else self.low_pass @ offsets


class LocalJudge(nn.Module):
    """A small network that sees a few frames of one joint; its first layer knows which joint.

    Args:
        num_keypoints: ``K``.
        inputs: channels of evidence.
        outputs: channels of the verdict; the untrained verdict is zero.
        hidden: width.
        reach: the middle layer also sees the frames this far before and behind; 0 sees one frame.
    """

    def __init__(self, num_keypoints: int, inputs: int, outputs: int, hidden: int = 16, reach: int = 2):
        super().__init__()
        self.reach = reach
        self.first = nn.Linear(inputs, hidden)
        self.joint = nn.Parameter(torch.zeros(num_keypoints, hidden))
        self.middle = nn.Linear(hidden * (3 if reach else 1), hidden)
        self.last = nn.Linear(hidden, outputs)
        self.act = nn.LeakyReLU(0.1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, evidence: Tensor) -> Tensor:
        """``(B, T, K, inputs) -> (B, T, K, outputs)``."""
        x = self.act(self.first(evidence) + self.joint)
        if self.reach:
            ends = (-1, self.reach, -1, -1)
            x = torch.cat(
                [
                    torch.cat([x[:, :1].expand(ends), x[:, : -self.reach]], dim=1),
                    x,
                    torch.cat([x[:, self.reach :], x[:, -1:].expand(ends)], dim=1),
                ],
                dim=-1,
            )
        return self.last(self.act(self.middle(x)))


def cosine_basis(window: int, count: int) -> Tensor:
    """The ``count`` slowest vectors of the orthonormal DCT-II; ``(count, T)``."""
    time = torch.arange(window, dtype=torch.float32) + 0.5
    basis = torch.cos(math.pi / window * torch.arange(count)[:, None] * time) * math.sqrt(2 / window)
    basis[0] /= math.sqrt(2)
    return basis


def _count_evidence(filters: int, mirrored: bool) -> int:
    return (2 + filters) * (1 + mirrored) + 2


def _log_distance(others: Tensor, pose: Tensor) -> Tensor:
    """``(N, B, T, K, D)`` and ``(B, T, K, D)`` -> ``(B, T, K, N)``, about -1..1 for 0.3 % to 30 % of a figure."""
    return (0.5 * torch.log10((others - pose).square().sum(-1) + 1e-6) + 1.5).movedim(0, -1)
