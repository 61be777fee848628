"""Convert published weights of DCPose and DSTA to the names of this project's modules."""

import re
from typing import Dict

from torch import Tensor

from pipeline.errors import InputError

DCPOSE_CHAINS = {
    'diff_temporal_fuse': 'residual_fusion',
    'support_temporal_fuse': 'merger',
    'offset_mask_combine_conv': 'features',
}
DCPOSE_BLOCK = {'conv_bn_relu1': 'reduce', 'conv_bn_relu3': 'expand', 'downsample': 'shortcut'}


def convert_dcpose(state_dict: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Rename the keys of a published checkpoint's ``state_dict``; the values stay as they are.

    Raises:
        InputError: if a key belongs to no part of the published model.
    """
    return {_rename_dcpose(key): value for key, value in state_dict.items()}


def _rename_dcpose(key: str) -> str:
    published = key[len('module.') :] if key.startswith('module.') else key
    part, _, rest = published.partition('.')
    if part == 'rough_pose_estimation_net':
        # MMPose keeps the HRNet repository's names
        return f'head.{rest}' if rest.startswith('final_layer.') else f'backbone.{rest}'
    if part in DCPOSE_CHAINS:
        match = re.fullmatch(r'layers\.(\d+)\.(\w+)\.(.+)', rest)
        if match and _block_part(match[2]):
            return f'head.{DCPOSE_CHAINS[part]}.{match[1]}.{_block_part(match[2])}.{match[3]}'
    match = re.fullmatch(r'(offset|mask)s_list\.(\d+)\.0\.(weight)', published)
    if match:
        return f'head.warps.{match[2]}.{match[1]}.{match[3]}'
    match = re.fullmatch(r'modulated_deform_conv_list\.(\d+)\.deform_conv\.(weight|bias)', published)
    if match:
        return f'head.warps.{match[1]}.{match[2]}'
    raise InputError(
        f'key {key!r} is not one of the published DCPose model '
        '(rough_pose_estimation_net.*, diff_temporal_fuse.*, offsets_list.*, ...)'
    )


def _block_part(name: str) -> str:
    """``conv_bn_relu2_3_1``: third branch, first step."""
    step = re.fullmatch(r'conv_bn_relu2_(\d)_(\d)', name)
    return f'branches.{int(step[1]) - 1}.{int(step[2]) - 1}' if step else DCPOSE_BLOCK.get(name, '')


# published name -> ours, as regular expressions on the start of a key
DSTA_NAMES = (
    (r'preact\.', 'backbone.'),
    (r'fc_coord\.linear\.', 'neck.project.'),
    (r'Spatial_pos_embed$', 'head.spatial_position'),
    (r'Temporal_pos_embed$', 'head.temporal_position'),
    (r'Spatial_blocks\.', 'head.spatial_blocks.'),
    (r'blocks\.', 'head.temporal_blocks.'),
    (r'Spatial_norm\.', 'head.spatial_norm.'),
    (r'Temporal_norm\.', 'head.temporal_norm.'),
    (r'weighted_mean\.', 'head.aggregate.'),
    (r'head_coord\.', 'head.coords.'),
    (r'head_sigma\.', 'head.sigma.'),
    (r'flow\.mask$', 'head.loss_module.flow.mask'),
    (r'flow\.s\.', 'head.loss_module.flow.scale.'),
    (r'flow\.t\.', 'head.loss_module.flow.shift.'),
)


def convert_dsta(state_dict: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Rename the keys of a published checkpoint's ``state_dict``; the values stay as they are.

    Raises:
        InputError: if a key belongs to no part of the published model.
    """
    return {_rename_dsta(key): value for key, value in state_dict.items()}


def _rename_dsta(key: str) -> str:
    published = key[len('module.') :] if key.startswith('module.') else key
    for pattern, ours in DSTA_NAMES:
        renamed, count = re.subn('^' + pattern, ours, published)
        if count:
            return renamed
    raise InputError(f'key {key!r} is not one of the published DSTA model (preact.*, fc_coord.*, head_coord.*, ...)')
