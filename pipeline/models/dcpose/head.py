"""Heatmaps of three frames in, corrected heatmaps of the middle one out (DCPose, Sec. 3)."""
from typing import Optional, Sequence, Tuple

import torch
from mmpose.models.heads import HeatmapHead
from mmpose.registry import MODELS
from torch import Tensor, nn

from pipeline.models.dcpose.residual_steps import residual_steps
from pipeline.models.dcpose.warp import HeatmapWarp


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

    def __init__(self, in_channels: int, out_channels: int = 17, feature_channels: int = 64,
                 residual_blocks: int = 2, merger_blocks: int = 1, feature_blocks: int = 2,
                 dilations: Sequence[int] = (3, 6, 9, 12, 15), rough_loss_weight: float = 0.,
                 loss: dict = dict(type='WeightedHeatmapLoss'), decoder: Optional[dict] = None, init_cfg=None):
        super().__init__(in_channels, out_channels, deconv_out_channels=None, loss=loss, decoder=decoder,
                         init_cfg=init_cfg)
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
        residual = self.residual_fusion(
            _joint_by_joint(back, back * weight_previous, ahead, ahead * weight_next))
        merged = self.merger(_joint_by_joint(current, previous * weight_previous, following * weight_next))
        features = self.features(torch.cat([residual, merged], dim=1))
        return sum(warp(features, merged) for warp in self.warps) / len(self.warps)

    def forward(self, feats: Tuple[Tensor, ...]) -> Tensor:
        """``(features,)`` or ``(features, margins)`` to heatmaps ``(B, K, h, w)``."""
        return self.correct(self.rough(feats), *feats[1:])

    def predict(self, feats, batch_data_samples, test_cfg: dict = {}):
        """As :meth:`HeatmapHead.predict`, with the samples' margins."""
        if test_cfg.get('flip_test', False):
            feats = [_with_margins(one, batch_data_samples) for one in feats]
        else:
            feats = _with_margins(feats, batch_data_samples)
        return super().predict(feats, batch_data_samples, test_cfg)

    def loss(self, feats: Tuple[Tensor, ...], batch_data_samples, train_cfg: dict = {}) -> dict:
        """As :meth:`HeatmapHead.loss`, with the samples' margins; ``loss_rough`` if it is weighted."""
        losses = super().loss(_with_margins(feats, batch_data_samples), batch_data_samples, train_cfg)
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
