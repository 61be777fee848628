"""Decoupled space-time aggregation and regression of coordinates (DSTA, Sec. 3.3 and 3.4)."""
from typing import Optional, Sequence, Tuple

import numpy as np
import torch
from mmpose.evaluation.functional import keypoint_pck_accuracy
from mmpose.models.heads import BaseHead
from mmpose.models.utils.tta import flip_coordinates
from mmpose.registry import KEYPOINT_CODECS, MODELS
from mmpose.utils.tensor_utils import to_numpy
from torch import Tensor, nn

from pipeline.models.dsta.transformer import transformer_blocks

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

    def __init__(self, dim: int = 32, num_frames: int = 3, current: Optional[int] = None,
                 groups: Sequence[Sequence[int]] = GROUPS, token_of_joint: Sequence[int] = TOKEN_OF_JOINT,
                 depth: int = 4, num_heads: int = 8, mlp_ratio: float = 2., drop_path: float = 0.1,
                 loss: dict = dict(type='ResidualLogLikelihoodLoss'), decoder: Optional[dict] = None, init_cfg=None):
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

        self.loss_module = MODELS.build(loss)
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

    def predict(self, feats, batch_data_samples, test_cfg: dict = {}) -> list:
        """One ``InstanceData`` with keypoints in px of the crop and scores per sample.

        The score of a joint is ``1 - sigma``, averaged over x and y.
        """
        if test_cfg.get('flip_test', False):
            straight, mirrored = feats
            meta = batch_data_samples[0].metainfo
            back = flip_coordinates(self.forward(mirrored), flip_indices=meta['flip_indices'],
                                    shift_coords=test_cfg.get('shift_coords', True), input_size=meta['input_size'])
            output = (self.forward(straight) + back) / 2
        else:
            output = self.forward(feats)
        return self.decode(output[:, None])  # one person per crop

    def loss(self, feats: Tuple[Tensor], batch_data_samples, train_cfg: dict = {}) -> dict:
        """Loss, and the share of joints within 5 % of the crop."""
        output = self.forward(feats)
        coords, sigma = output[..., :2], output[..., 2:]
        target = torch.cat([sample.gt_instance_labels.keypoint_labels for sample in batch_data_samples])
        weight = torch.cat([sample.gt_instance_labels.keypoint_weights for sample in batch_data_samples])
        _, accuracy, _ = keypoint_pck_accuracy(pred=to_numpy(coords), gt=to_numpy(target),
                                               mask=to_numpy(weight) > 0, thr=0.05,
                                               norm_factor=np.ones((len(coords), 2), np.float32))
        return dict(loss_kpt=self.loss_module(coords, sigma, target, weight),
                    acc_pose=torch.tensor(accuracy, device=coords.device))
