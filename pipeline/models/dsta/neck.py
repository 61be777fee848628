"""From a backbone's feature maps to one token per joint (DSTA, Sec. 3.2)."""
from typing import Sequence, Tuple, Union

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor, nn


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
