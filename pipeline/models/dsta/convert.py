"""Published DSTA weights under the names of this project's modules."""
import re
from typing import Dict

from torch import Tensor

from pipeline.errors import InputError

# published name -> ours, as regular expressions on the start of a key
NAMES = (
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


def convert(state_dict: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Rename the keys of a published checkpoint's ``state_dict``; the values stay as they are.

    Raises:
        InputError: if a key belongs to no part of the published model.
    """
    return {_rename(key): value for key, value in state_dict.items()}


def _rename(key: str) -> str:
    published = key[len('module.'):] if key.startswith('module.') else key
    for pattern, ours in NAMES:
        renamed, count = re.subn('^' + pattern, ours, published)
        if count:
            return renamed
    raise InputError(f'key {key!r} is not one of the published DSTA model (preact.*, fc_coord.*, head_coord.*, ...)')
