"""Published HANet checkpoints in this project's names."""

import re
from typing import Dict

from torch import Tensor

from pipeline.errors import InputError

PUBLISHED_HEADS = 4  # of every published configuration; no shape tells it
PUBLISHED_DIMS = {30: 2, 34: 2, 42: 3, 51: 3, 144: 6}  # channels -> coordinates per joint
PREFIX = 'transformer.'
# never used by the published forward pass, beside its last projection
UNUSED = re.compile(r'encoder_norm\.')
NAMES = (  # published -> ours, applied in order
    (r'^encoder_joints_embed\.', 'refined_head.'),
    (r'^decoder_joints_embed\.', 'final_head.'),
    (r'^prev_v_embed\.', 'motion.previous_affine.'),
    (r'^next_v_embed\.', 'motion.next_affine.'),
    (r'^acc_embed\.', 'motion.acceleration_affine.'),
    (r'^offset_refine\.', 'offsets.'),
    (r'^projection\.', 'projections.'),
    (r'^decoder\.norm\.', 'decoder_norm.'),
    (r'^encoder\.(\d+)\.layers\.0\.', r'levels.\1.'),
    (r'^decoder\.layers\.', 'decoder.'),
    (r'^(levels\.\d+)\.norm2\.', r'\1.ffn_residual.norm.'),
    (r'^(decoder\.\d+)\.norm2\.', r'\1.cross_attention_residual.norm.'),
    (r'^(decoder\.\d+)\.norm3\.', r'\1.ffn_residual.norm.'),
    (r'\.norm1\.', '.attention_residual.norm.'),
    (r'\.self_attn\.', '.attention.'),
    (r'\.multihead_attn\.', '.cross_attention.'),
    (r'\.in_proj_(weight|bias)$', r'.in_proj.\1'),
    (r'\.linear1\.', '.ffn.0.'),
    (r'\.linear2\.', '.ffn.3.'),
)


def convert(state_dict: Dict[str, Tensor]) -> Dict[str, Tensor]:
    """Rename published weights and drop those that its forward pass never uses.

    Args:
        state_dict: published names, with or without the prefixes ``module.`` and ``transformer.``.

    Raises:
        InputError: if these are not the weights of a HANet.
    """
    weights = _strip(state_dict)
    last = f'projection.{_count(weights, "encoder.{}.layers.0.linear1.weight") - 1}.'
    converted = {}
    for key, value in weights.items():
        if UNUSED.match(key) or key.startswith(last):
            continue
        name = key
        for pattern, ours in NAMES:
            name = re.sub(pattern, ours, name)
        if name.startswith('offsets.') and value.dim() == 3:  # convolutions of kernel 1
            value = value[:, :, 0]
        if name.startswith('motion.'):
            value = value.flatten()
        converted[name] = value.float()
    return converted


def infer_config(state_dict: Dict[str, Tensor], window: int, interval: int, cross_mask: str = 'plus-one') -> Dict:
    """Arguments of :class:`HANet` that fit published weights.

    All but the arguments here follows from names and shapes, except that every
    published configuration has 4 heads. The split of the channels into joints and
    coordinates does not change the network; for widths that no published
    configuration has, two coordinates are assumed where the number is even.

    Args:
        state_dict: as for :func:`convert`.
        window: ``T`` that the weights were trained with.
        interval: ``N``.
        cross_mask: 'plus-one' or 'masked'.

    Raises:
        InputError: if these are not the weights of a HANet.
    """
    weights = _strip(state_dict)
    try:
        channels, embed_dims = weights['decoder_joints_embed.weight'].shape
        ffn_width = weights['encoder.0.layers.0.linear1.weight'].shape[0]
    except (KeyError, ValueError) as error:
        raise InputError(f'not the weights of a HANet: missing or of another shape ({error})') from None
    dims = PUBLISHED_DIMS.get(channels, 3 if channels % 2 else 2)
    return dict(
        num_keypoints=channels // dims,
        dims=dims,
        window=window,
        interval=interval,
        embed_dims=embed_dims,
        num_levels=_count(weights, 'encoder.{}.layers.0.linear1.weight'),
        num_decoder_layers=_count(weights, 'decoder.layers.{}.linear1.weight'),
        num_heads=PUBLISHED_HEADS,
        ffn_ratio=ffn_width / embed_dims,
        pre_norm='encoder_norm.0.weight' in weights,
        cross_mask=cross_mask,
    )


def _strip(state_dict: Dict[str, Tensor]) -> Dict[str, Tensor]:
    stripped = {re.sub(r'^(module\.)*', '', key).removeprefix(PREFIX): value for key, value in state_dict.items()}
    if 'encoder.0.layers.0.linear1.weight' not in stripped:
        some = ', '.join(list(state_dict)[:3]) or 'nothing'
        raise InputError(f'not the weights of a HANet: encoder.0.layers.0.linear1.weight is missing (found {some} ...)')
    return stripped


def _count(weights: Dict[str, Tensor], pattern: str) -> int:
    count = 0
    while pattern.format(count) in weights:
        count += 1
    return count
