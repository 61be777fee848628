"""A plain vision transformer as a backbone, laid out like ViTPose's (Xu et al., NeurIPS 2022)."""

import re
from typing import Tuple

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor, nn

from pipeline.networks.estimators.dsta import transformer_blocks

# names of MMPretrain's VisionTransformer, in which MMPose publishes ViTPose -> ours
NAMES = (
    (r'^patch_embed\.projection\.', 'patch_embed.'),
    (r'^layers\.', 'blocks.'),
    (r'^ln1\.', 'norm.'),
    (r'\.ln1\.', '.norm1.'),
    (r'\.ln2\.', '.norm2.'),
    (r'\.ffn\.layers\.0\.0\.', '.mlp.fc1.'),
    (r'\.ffn\.layers\.1\.', '.mlp.fc2.'),
)


@MODELS.register_module()
class ViT(BaseModule):
    """Patches of 16 px, learned positions, transformer blocks, a last norm.

    Weights of MMPose's ViTPose checkpoints load as they are (the keys are renamed on loading). The
    defaults are ViT-H.

    Args:
        img_size: input ``(height, width)`` in px; positions are learned for this size.
        patch_size: side of a patch in px.
        dim, depth, num_heads, mlp_ratio, drop_path: of the transformer.
        padding: zeros around the picture before it is cut into patches, in px.
        init_cfg: MMEngine's initialisation config.
    """

    def __init__(
        self,
        img_size: Tuple[int, int] = (256, 192),
        patch_size: int = 16,
        dim: int = 1280,
        depth: int = 32,
        num_heads: int = 16,
        mlp_ratio: float = 4.0,
        drop_path: float = 0.55,
        padding: int = 2,
        init_cfg=None,
    ):
        super().__init__(init_cfg)
        self.grid = tuple((size + 2 * padding - patch_size) // patch_size + 1 for size in img_size)
        self.patch_embed = nn.Conv2d(3, dim, patch_size, stride=patch_size, padding=padding)
        self.pos_embed = nn.Parameter(torch.zeros(1, self.grid[0] * self.grid[1], dim))
        nn.init.trunc_normal_(self.pos_embed, std=0.02)
        self.blocks = transformer_blocks(depth, dim, num_heads, mlp_ratio, drop_path)
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self._register_load_state_dict_pre_hook(self._rename_keys)

    def forward(self, images: Tensor) -> Tuple[Tensor]:
        """``(N, 3, H, W)`` to a tuple of the last map ``(N, D, H / 16, W / 16)``."""
        x = self.patch_embed(images).flatten(2).transpose(1, 2) + self.pos_embed  # (N, patches, D)
        for block in self.blocks:
            x = block(x)
        return (self.norm(x).transpose(1, 2).unflatten(2, self.grid),)

    def _rename_keys(self, state_dict, prefix, *args):
        for key in [key for key in state_dict if key.startswith(prefix)]:
            name = key[len(prefix) :]
            for pattern, ours in NAMES:
                name = re.sub(pattern, ours, name)
            state_dict[prefix + name] = state_dict.pop(key)
        positions = state_dict.get(prefix + 'pos_embed')
        if positions is not None and positions.shape[1] == self.pos_embed.shape[1] + 1:
            # the original ViTPose keeps the class token's position and adds it to every patch
            state_dict[prefix + 'pos_embed'] = positions[:, 1:] + positions[:, :1]
