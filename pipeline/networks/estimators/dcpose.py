"""DCPose: deep dual consecutive network for human pose estimation (Liu et al., CVPR 2021).

MMPose's HRNet on a frame and its two neighbours -> :class:`DCPoseHead`, which merges the three
heat maps and warps the result by deformable convolutions, in a :class:`DCPose`.
"""

from typing import Optional, Sequence, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from mmpose.codecs import MSRAHeatmap
from mmpose.models.heads import HeatmapHead
from mmpose.registry import KEYPOINT_CODECS, MODELS
from torch import Tensor, nn
from torchvision.ops import deform_conv2d

from pipeline.networks.estimators.multiframe import MultiFrameEstimator

# Heatmaps to keypoints as the published PoseTrack code decodes them.


@KEYPOINT_CODECS.register_module()
class QuarterShiftHeatmap(MSRAHeatmap):
    """:class:`MSRAHeatmap` with another decoding: a quarter pixel towards the higher neighbour.

    MMPose shifts each axis by itself up to the border and puts joints without a positive value at
    -1; here both axes are shifted or none, only where ``1 < p < size - 1`` in both, and joints
    without a positive value are at 0.
    """

    def decode(self, encoded: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """Heatmaps ``(K, h, w)`` to keypoints ``(1, K, 2)`` in px of the crop and scores ``(1, K)``."""
        num_joints, height, width = encoded.shape
        joint = np.arange(num_joints)
        y, x = np.divmod(encoded.reshape(num_joints, -1).argmax(axis=1), width)
        scores = encoded[joint, y, x]
        inside = (1 < x) & (x < width - 1) & (1 < y) & (y < height - 1)
        # positions at the border look at their own value twice: no shift, and no index outside
        left, right = np.where(inside, x - 1, x), np.where(inside, x + 1, x)
        up, down = np.where(inside, y - 1, y), np.where(inside, y + 1, y)
        shift = np.sign(
            np.stack(
                [encoded[joint, y, right] - encoded[joint, y, left], encoded[joint, down, x] - encoded[joint, up, x]],
                axis=1,
            )
        )
        keypoints = (np.stack([x, y], axis=1) + 0.25 * shift) * (scores > 0)[:, None]
        return (keypoints * self.scale_factor)[None].astype(np.float32), scores[None]


# Resampling of heatmaps where a network says so (DCPose, Sec. 3.4).


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
        return deform_conv2d(
            heatmaps,
            self.offset(features),
            self.weight,
            self.bias,
            padding=self.dilation,
            dilation=self.dilation,
            mask=self.mask(features),
        )


# Residual steps block of RSN (Cai et al., ECCV 2020), which DCPose builds its fusion networks from.


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
            nn.ModuleList(ConvNorm(width, width, 3) for _ in range(steps)) for steps in (1, 2, 3, 4)
        )
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
    return nn.Sequential(
        *(ResidualStepsBlock(in_channels if i == 0 else out_channels, out_channels, i == 0) for i in range(num_blocks))
    )


# Heatmaps of three frames in, corrected heatmaps of the middle one out (DCPose, Sec. 3).


@MODELS.register_module()
class DCPoseHead(HeatmapHead):
    """Rough heatmaps per frame, then residual fusion, temporal merger and correction.

    Frames come as previous, current, next. ``final_layer`` is the rough estimator's own last layer,
    so a checkpoint of an MMPose HRNet estimator fills backbone and ``final_layer`` as it is.

    Args:
        in_channels: channels of the backbone's map.
        out_channels: joints ``K``.
        feature_channels: channels that offsets and masks are read off.
        residual_blocks, merger_blocks, feature_blocks: length of the three fusion networks.
        dilations: one deformable convolution each; their results are averaged.
        rough_loss_weight: weight of the same loss on the rough heatmaps of the current frame; 0 when
            the rough estimator is frozen.
        loss: config of the heatmap loss.
        decoder: config of the codec.
        init_cfg: MMEngine's initialisation config; convolutions N(0, 0.001) by default.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int = 17,
        feature_channels: int = 64,
        residual_blocks: int = 2,
        merger_blocks: int = 1,
        feature_blocks: int = 2,
        dilations: Sequence[int] = (3, 6, 9, 12, 15),
        rough_loss_weight: float = 0.0,
        loss: Optional[dict] = None,
        decoder: Optional[dict] = None,
        init_cfg=None,
    ):
        loss = loss or dict(type='WeightedHeatmapLoss')
        super().__init__(
            in_channels, out_channels, deconv_out_channels=None, loss=loss, decoder=decoder, init_cfg=init_cfg
        )
        joints = out_channels
        self.rough_loss_weight = rough_loss_weight
        self.residual_fusion = residual_steps(4 * joints, 2 * joints, residual_blocks)
        self.merger = residual_steps(3 * joints, joints, merger_blocks)
        self.features = residual_steps(3 * joints, feature_channels, feature_blocks)
        self.warps = nn.ModuleList(HeatmapWarp(feature_channels, joints, dilation) for dilation in dilations)

    def rough(self, feats: Tuple[Tensor, ...]) -> Tensor:
        """Features ``(B, 3, C, h, w)`` to heatmaps of each frame ``(B, 3, K, h, w)``."""
        return self.final_layer(feats[0].flatten(0, 1)).unflatten(0, feats[0].shape[:2])

    def correct(self, rough: Tensor, margins: Optional[Tensor] = None) -> Tensor:
        """Heatmaps of three frames to those of the middle one.

        Args:
            rough: ``(B, 3, K, h, w)``.
            margins: ``(B, 2)``, frames between the current and the previous, the current and the
                next one; all 1 by default. The nearer frame weighs more.
        """
        previous, current, following = rough.unbind(dim=1)
        margins = torch.ones_like(rough[:, :2, 0, 0, 0]) if margins is None else margins.to(rough)
        to_previous, to_next = (margins / margins.sum(dim=1, keepdim=True))[..., None, None, None].unbind(dim=1)
        weight_previous, weight_next = to_next, to_previous

        back, ahead = current - previous, current - following
        residual = self.residual_fusion(_joint_by_joint(back, back * weight_previous, ahead, ahead * weight_next))
        merged = self.merger(_joint_by_joint(current, previous * weight_previous, following * weight_next))
        features = self.features(torch.cat([residual, merged], dim=1))
        return sum(warp(features, merged) for warp in self.warps) / len(self.warps)

    def forward(self, feats: Tuple[Tensor, ...]) -> Tensor:
        """``(features,)`` or ``(features, margins)`` to heatmaps ``(B, K, h, w)``."""
        return self.correct(self.rough(feats), *feats[1:])

    def predict(self, feats, batch_data_samples, test_cfg: Optional[dict] = None):
        """As :meth:`HeatmapHead.predict`, with the samples' margins."""
        test_cfg = test_cfg or {}
        if test_cfg.get('flip_test', False):
            feats = [_with_margins(one, batch_data_samples) for one in feats]
        else:
            feats = _with_margins(feats, batch_data_samples)
        return super().predict(feats, batch_data_samples, test_cfg)

    def loss(self, feats: Tuple[Tensor, ...], batch_data_samples, train_cfg: Optional[dict] = None) -> dict:
        """As :meth:`HeatmapHead.loss`, with the samples' margins; ``loss_rough`` if it is weighted."""
        losses = super().loss(_with_margins(feats, batch_data_samples), batch_data_samples, train_cfg or {})
        if self.rough_loss_weight:
            target = torch.stack([sample.gt_fields.heatmaps for sample in batch_data_samples])
            weight = torch.cat([sample.gt_instance_labels.keypoint_weights for sample in batch_data_samples])
            rough = self.rough(feats)[:, 1]
            losses['loss_rough'] = self.rough_loss_weight * self.loss_module(rough, target, weight)
        return losses


def _joint_by_joint(*heatmaps: Tensor) -> Tensor:
    """Interleave ``n`` sets of ``(B, K, h, w)`` to ``(B, K n, h, w)``: all maps of joint 0, then of joint 1 ..."""
    return torch.stack(heatmaps, dim=2).flatten(1, 2)


def _with_margins(feats: Tuple[Tensor, ...], samples) -> Tuple[Tensor, ...]:
    margins = [sample.metainfo.get('frame_margins', (1, 1)) for sample in samples]
    return feats[0], feats[0].new_tensor(margins)


# Heatmap loss with joint weights as DCPose uses it.


@MODELS.register_module()
class WeightedHeatmapLoss(nn.Module):
    """Mean squared difference of weighted heatmaps, so that a weight acts squared.

    MMPose's :class:`KeypointMSELoss` weighs the squared difference instead: the same for weights of
    0 and 1 only.

    Args:
        loss_weight: factor on the result.
    """

    def __init__(self, loss_weight: float = 1.0):
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, output: Tensor, target: Tensor, target_weights: Optional[Tensor] = None) -> Tensor:
        """``output`` and ``target`` ``(B, K, h, w)``, ``target_weights`` ``(B, K)``; joints of weight 0 count as 0."""
        if target_weights is not None:
            weight = target_weights[..., None, None]
            output, target = output * weight, target * weight
        return self.loss_weight * F.mse_loss(output, target)


# DCPose as a whole: MMPose's HRNet on three frames, then the head that fuses them.

ROUGH = ('backbone.', 'head.final_layer.')


@MODELS.register_module()
class DCPose(MultiFrameEstimator):
    """:class:`MultiFrameEstimator` of previous, current and next frame.

    Args:
        freeze_rough: train the fusion only, on top of a rough estimator (backbone and ``final_layer``)
            whose weights stay as they are. Its batch norms still gather statistics in training, as
            published.
        frame_offsets: one frame before, the current one, one frame after.
        **kwargs: of :class:`TopdownPoseEstimator`; ``head`` is a :class:`DCPoseHead`.
    """

    def __init__(self, freeze_rough: bool = False, frame_offsets: Sequence[int] = (-1, 0, 1), **kwargs):
        super().__init__(frame_offsets=frame_offsets, **kwargs)
        if len(self.frame_offsets) != 3 or self.frame_offsets[1] != 0:
            raise ValueError(f'frame_offsets={self.frame_offsets}: DCPose takes a frame before, 0 and a frame after')
        if freeze_rough:
            for name, parameter in self.named_parameters():
                if name.startswith(ROUGH):
                    parameter.requires_grad_(False)
