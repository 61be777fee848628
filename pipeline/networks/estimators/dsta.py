"""DSTA: video-based human pose regression by decoupled space-time aggregation (He and Yang, CVPR 2024).

Backbone (MMPose's ResNet or HRNet, or :class:`~pipeline.networks.estimators.vit.ViT`) -> :class:`JointTokens`
-> :class:`DSTAHead`, in a :class:`DSTA`.
"""

import math
from typing import Optional, Sequence, Tuple, Union

import numpy as np
import torch
import torch.nn.functional as F
from mmcv.cnn.bricks.drop import DropPath
from mmengine.model import BaseModule
from mmpose.evaluation.functional import keypoint_pck_accuracy
from mmpose.models.heads import BaseHead
from mmpose.models.utils.tta import flip_coordinates
from mmpose.registry import KEYPOINT_CODECS, MODELS
from mmpose.utils.tensor_utils import to_numpy
from torch import Tensor, nn

from pipeline.networks.estimators.multiframe import MultiFrameEstimator

# From a backbone's feature maps to one token per joint (DSTA, Sec. 3.2).


@MODELS.register_module()
class JointTokens(BaseModule):
    """Pool the features over the picture and read one token per joint off them.

    Backbones that return several maps (HRNet with ``multiscale_output``) are pooled map by map and
    concatenated: the published code has ResNet only, which returns one.

    Args:
        in_channels: channels of the backbone's map, or of each of its maps.
        num_tokens: tokens ``K``, at least one per predicted joint.
        dim: width ``D`` of a token.
        init_cfg: MMEngine's initialisation config.
    """

    def __init__(self, in_channels: Union[int, Sequence[int]], num_tokens: int = 17, dim: int = 32, init_cfg=None):
        super().__init__(init_cfg)
        channels = in_channels if isinstance(in_channels, int) else sum(in_channels)
        self.num_tokens = num_tokens
        self.project = nn.Linear(channels, num_tokens * dim)
        nn.init.xavier_uniform_(self.project.weight, gain=0.01)
        nn.init.zeros_(self.project.bias)

    def forward(self, feats: Union[Tensor, Tuple[Tensor, ...]]) -> Tuple[Tensor]:
        """Maps ``(N, C, h, w)`` to a tuple of the tokens ``(N, K, D)``."""
        maps = [feats] if isinstance(feats, Tensor) else feats
        pooled = torch.cat([x.mean(dim=(2, 3)) for x in maps], dim=1)  # (N, C)
        # as published: the product is divided by the length of the feature, the bias is not
        tokens = pooled @ self.project.weight.T / pooled.norm(dim=1, keepdim=True) + self.project.bias
        return (tokens.unflatten(1, (self.num_tokens, -1)),)


# The pre-norm transformer block of vision transformers (Dosovitskiy et al., 2021, Eq. 2 and 3).


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
        query, key, value = heads.permute(2, 0, 3, 1, 4)  # each (B, heads, L, D / heads)
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

    def __init__(self, dim: int, num_heads: int, mlp_ratio: float, drop_path: float = 0.0):
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
    return nn.ModuleList(
        TransformerBlock(dim, num_heads, mlp_ratio, drop_path * i / max(depth - 1, 1)) for i in range(depth)
    )


# RealNVP on the plane: the density of a keypoint's error (Dinh et al., 2017; RLE, Li et al., 2021).


def _mlp(hidden: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(2, hidden), nn.LeakyReLU(), nn.Linear(hidden, hidden), nn.LeakyReLU(), nn.Linear(hidden, 2)
    )


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
        keep = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
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


# Residual log-likelihood estimation (RLE, Li et al., ICCV 2021) as DSTA uses it.


@MODELS.register_module()
class ResidualLogLikelihoodLoss(nn.Module):
    """Negative log-likelihood of the target under a flow times a fixed density.

    Per coordinate: ``log(sigma) - log(flow(error))`` with ``error = (coord - target) / sigma``, plus
    the fixed density's part ``log(sigma sqrt(2 pi)) + |target - coord| / (sqrt(2) sigma)``. MMPose's
    :class:`RLELoss` differs: prior mean 0 and ``log(2 sigma) + |error|``.

    Args:
        prior_mean: see :class:`RealNVP`.
        loss_weight: factor on the result.
    """

    def __init__(self, prior_mean: float = 0.5, loss_weight: float = 1.0):
        super().__init__()
        self.flow = RealNVP(prior_mean)
        self.loss_weight = loss_weight

    def negative_log_flow(self, coords: Tensor, sigma: Tensor, target: Tensor) -> Tensor:
        """The flow's part, ``(B, K, 2)`` (all arguments ``(B, K, 2)``)."""
        error = (coords - target) / sigma
        log_phi = self.flow.log_prob(error.flatten(0, 1)).view(*error.shape[:2], 1)
        return sigma.log() - log_phi

    def forward(self, coords: Tensor, sigma: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Sum over joints and coordinates, mean over the batch.

        Args:
            coords: ``(B, K, 2)`` predicted, in units of the crop (0..1).
            sigma: ``(B, K, 2)`` in 0..1.
            target: ``(B, K, 2)`` like ``coords``.
            weight: ``(B, K)``; 0 where a joint is not annotated.
        """
        fixed = torch.log(sigma * math.sqrt(2 * math.pi)) + (target - coords).abs() / (math.sqrt(2) * sigma + 1e-9)
        loss = self.negative_log_flow(coords, sigma, target) + fixed
        return self.loss_weight * (loss * weight[..., None]).sum() / len(loss)


# Decoupled space-time aggregation and regression of coordinates (DSTA, Sec. 3.3 and 3.4).

# Tokens 0..14 in groups that move together: head (top, nose, bottom), then left and right arm
# (shoulder, elbow, wrist) and left and right leg (hip, knee, ankle). Tokens 15 and 16 have no group.
GROUPS = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (9, 10, 11), (12, 13, 14))
# The token that each of PoseTrack's 17 joints is read from; the ears, never annotated, copy head_top.
TOKEN_OF_JOINT = (1, 2, 0, 0, 0, 3, 6, 4, 7, 5, 8, 9, 12, 10, 13, 11, 14)


@MODELS.register_module()
class DSTAHead(BaseHead):
    """Tokens of several frames in, coordinates and their spread in the current frame out.

    Space: joints of one group attend to each other within the current frame. Time: each joint
    attends to itself across the frames. Both results are averaged with learned weights.

    Args:
        dim: width ``D`` of a token.
        num_frames: frames ``T``.
        current: position of the current frame among them; the middle by default.
        groups: token indices of each group, all groups equally long.
        token_of_joint: the token each output joint is read from, ``K`` entries.
        depth, num_heads, mlp_ratio, drop_path: of both stacks of transformer blocks.
        loss: config of the loss, called with coords, sigma, target, weight.
        decoder: config of the codec that maps the output to keypoints in px of the crop.
        init_cfg: MMEngine's initialisation config.
    """

    def __init__(
        self,
        dim: int = 32,
        num_frames: int = 3,
        current: Optional[int] = None,
        groups: Sequence[Sequence[int]] = GROUPS,
        token_of_joint: Sequence[int] = TOKEN_OF_JOINT,
        depth: int = 4,
        num_heads: int = 8,
        mlp_ratio: float = 2.0,
        drop_path: float = 0.1,
        loss: Optional[dict] = None,
        decoder: Optional[dict] = None,
        init_cfg=None,
    ):
        super().__init__(init_cfg)
        self.current = num_frames // 2 if current is None else current
        self.groups = [list(group) for group in groups]
        self.token_of_joint = list(token_of_joint)

        self.spatial_position = nn.Parameter(torch.zeros(len(self.groups[0]), dim))
        self.temporal_position = nn.Parameter(torch.zeros(1, num_frames, dim))
        self.spatial_blocks = transformer_blocks(depth, dim, num_heads, mlp_ratio, drop_path)
        self.temporal_blocks = transformer_blocks(depth, dim, num_heads, mlp_ratio, drop_path)
        self.spatial_norm = nn.LayerNorm(dim, eps=1e-6)
        self.temporal_norm = nn.LayerNorm(dim, eps=1e-6)
        self.aggregate = nn.Conv2d(2, 1, kernel_size=1)  # over (temporal, spatial): two weights and a bias
        self.coords = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 2))
        self.sigma = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 2))
        self._initialise()

        self.loss_module = MODELS.build(loss or dict(type='ResidualLogLikelihoodLoss'))
        self.decoder = KEYPOINT_CODECS.build(decoder) if decoder is not None else None

    def _initialise(self):
        # weights of linear layers keep PyTorch's default, as published
        nn.init.normal_(self.aggregate.weight, std=0.001)
        for layer in self.modules():
            if isinstance(layer, (nn.Linear, nn.Conv2d)):
                nn.init.zeros_(layer.bias)

    def aggregate_space(self, tokens: Tensor) -> Tensor:
        """Tokens of the current frame, ``(B, num_tokens, D)`` to the same, groups attended."""
        batch = len(tokens)
        x = tokens[:, self.groups].flatten(0, 1) + self.spatial_position  # (B groups, joints per group, D)
        for block in self.spatial_blocks:
            x = block(x)
        x = self.spatial_norm(x).unflatten(0, (batch, -1))  # (B, groups, joints per group, D)
        tokens = tokens.clone()  # tokens of no group stay as they are
        tokens[:, self.groups] = x
        return tokens

    def aggregate_time(self, tokens: Tensor) -> Tensor:
        """Tokens of all frames, ``(B, T, num_tokens, D)`` to the current frame's ``(B, num_tokens, D)``."""
        batch = len(tokens)
        x = tokens.transpose(1, 2).flatten(0, 1) + self.temporal_position  # (B num_tokens, T, D)
        for block in self.temporal_blocks:
            x = block(x)
        return self.temporal_norm(x)[:, self.current].unflatten(0, (batch, -1))

    def forward(self, feats: Tuple[Tensor]) -> Tensor:
        """Tokens ``(B, T, num_tokens, D)`` to ``(B, K, 4)``.

        Returns:
            x and y in units of the crop (0 left or top, 1 right or bottom), then the spread of
            both, in 0..1 (MMPose's :class:`RLEHead` returns it before the sigmoid).
        """
        tokens = feats[-1]
        both = torch.stack([self.aggregate_time(tokens), self.aggregate_space(tokens[:, self.current])], dim=1)
        joints = self.aggregate(both)[:, 0, self.token_of_joint]  # (B, K, D)
        return torch.cat([self.coords(joints), self.sigma(joints).sigmoid()], dim=-1)

    def predict(self, feats, batch_data_samples, test_cfg: Optional[dict] = None) -> list:
        """One ``InstanceData`` with keypoints in px of the crop and scores per sample.

        The score of a joint is ``1 - sigma``, averaged over x and y.
        """
        test_cfg = test_cfg or {}
        if test_cfg.get('flip_test', False):
            straight, mirrored = feats
            meta = batch_data_samples[0].metainfo
            back = flip_coordinates(
                self.forward(mirrored),
                flip_indices=meta['flip_indices'],
                shift_coords=test_cfg.get('shift_coords', True),
                input_size=meta['input_size'],
            )
            output = (self.forward(straight) + back) / 2
        else:
            output = self.forward(feats)
        return self.decode(output[:, None])  # one person per crop

    def loss(self, feats: Tuple[Tensor], batch_data_samples, train_cfg: Optional[dict] = None) -> dict:
        """Loss, and the share of joints within 5 % of the crop."""
        output = self.forward(feats)
        coords, sigma = output[..., :2], output[..., 2:]
        target = torch.cat([sample.gt_instance_labels.keypoint_labels for sample in batch_data_samples])
        weight = torch.cat([sample.gt_instance_labels.keypoint_weights for sample in batch_data_samples])
        _, accuracy, _ = keypoint_pck_accuracy(
            pred=to_numpy(coords),
            gt=to_numpy(target),
            mask=to_numpy(weight) > 0,
            thr=0.05,
            norm_factor=np.ones((len(coords), 2), np.float32),
        )
        return dict(
            loss_kpt=self.loss_module(coords, sigma, target, weight),
            acc_pose=torch.tensor(accuracy, device=coords.device),
        )


# DSTA as a whole: backbone, joint tokens, head, for any number of frames.


@MODELS.register_module()
class DSTA(MultiFrameEstimator):
    """:class:`MultiFrameEstimator` that tells the head how many frames there are and which is current.

    Args:
        head: config of :class:`DSTAHead`, without ``num_frames`` and ``current``.
        frame_offsets: see :class:`MultiFrameEstimator`.
        **kwargs: of :class:`TopdownPoseEstimator`; ``neck`` is a :class:`JointTokens`.
    """

    def __init__(self, head: dict, frame_offsets: Sequence[int] = (-1, 0, 1), **kwargs):
        offsets = list(frame_offsets)
        head = dict(head, num_frames=len(offsets), current=offsets.index(0) if 0 in offsets else None)
        super().__init__(frame_offsets=offsets, head=head, **kwargs)
