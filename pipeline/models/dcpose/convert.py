"""Published DCPose weights under the names of this project's modules."""
import re
from typing import Dict

from torch import Tensor

from pipeline.errors import InputError

CHAINS = {'diff_temporal_fuse': 'residual_fusion', 'support_temporal_fuse': 'merger',
          'offset_mask_combine_conv': 'features'}
BLOCK = {'conv_bn_relu1': 'reduce', 'conv_bn_relu3': 'expand', 'downsample': 'shortcut'}


def convert(state_dict: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Rename the keys of a published checkpoint's ``state_dict``; the values stay as they are.

    Raises:
        InputError: if a key belongs to no part of the published model.
    """
    return {_rename(key): value for key, value in state_dict.items()}


def _rename(key: str) -> str:
    published = key[len('module.'):] if key.startswith('module.') else key
    part, _, rest = published.partition('.')
    if part == 'rough_pose_estimation_net':
        # MMPose keeps the HRNet repository's names
        return f'head.{rest}' if rest.startswith('final_layer.') else f'backbone.{rest}'
    if part in CHAINS:
        match = re.fullmatch(r'layers\.(\d+)\.(\w+)\.(.+)', rest)
        if match and _block_part(match[2]):
            return f'head.{CHAINS[part]}.{match[1]}.{_block_part(match[2])}.{match[3]}'
    match = re.fullmatch(r'(offset|mask)s_list\.(\d+)\.0\.(weight)', published)
    if match:
        return f'head.warps.{match[2]}.{match[1]}.{match[3]}'
    match = re.fullmatch(r'modulated_deform_conv_list\.(\d+)\.deform_conv\.(weight|bias)', published)
    if match:
        return f'head.warps.{match[1]}.{match[2]}'
    raise InputError(f'key {key!r} is not one of the published DCPose model '
                     '(rough_pose_estimation_net.*, diff_temporal_fuse.*, offsets_list.*, ...)')


def _block_part(name: str) -> str:
    """``conv_bn_relu2_3_1``: third branch, first step."""
    step = re.fullmatch(r'conv_bn_relu2_(\d)_(\d)', name)
    return f'branches.{int(step[1]) - 1}.{int(step[2]) - 1}' if step else BLOCK.get(name, '')
