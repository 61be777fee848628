"""Initialise a refiner from one that was trained for other joints."""

from typing import Dict, List, Mapping, Sequence, Tuple

import torch
from torch import Tensor

from pipeline.errors import InputError
from pipeline.networks.refiners.sequence_refiner import SequenceRefiner


def joint_matrix(old: Sequence[str], new: Sequence[str], stand_ins: Mapping[str, Sequence[str]]) -> Tensor:
    """Which old joints each new joint learns from: ``(K_new, K_old)``, rows sum to 1.

    Args:
        old, new: joint names.
        stand_ins: for new joints that are not among the old ones, old joints whose mean takes their place.

    Raises:
        InputError: for a new joint that is neither an old one nor has a stand-in.
    """
    matrix = torch.zeros(len(new), len(old))
    for row, name in enumerate(new):
        sources = [name] if name in old else [source for source in stand_ins.get(name, ()) if source in old]
        if not sources:
            raise InputError(f'joint {name!r}: the refiner knows {", ".join(old)}, and no stand-in is named')
        for source in sources:
            matrix[row, list(old).index(source)] = 1 / len(sources)
    return matrix


def transfer_joints(refiner: SequenceRefiner, matrix: Tensor) -> Dict[str, Tensor]:
    """The weights of a refiner with a :class:`GuidedHANet`, its joints replaced.

    Whatever speaks of a joint (columns of the embeddings, rows of the heads) is mixed by
    ``matrix`` ``(K_new, K_old)``; all else stays.

    Raises:
        InputError: if the refiner has another backbone.
    """
    backbone = refiner.backbone
    if type(backbone).__name__ != 'GuidedHANet':
        raise InputError(f'a refiner with a GuidedHANet is needed, not {type(backbone).__name__}')
    layouts = _layouts(backbone)
    return {
        name: _mix(value, *layouts[name], backbone.fold, matrix) if name in layouts else value.clone()
        for name, value in refiner.state_dict().items()
    }


def _layouts(backbone) -> Dict[str, Tuple[int, int, List[int]]]:
    """Per weight: the axis that holds joints, entries before them, and channels per joint of each part."""
    inner, dims = backbone.hanet, backbone.dims
    scores = [1] if inner.score_input else []
    motions = inner.motion.out_channels // (inner.num_keypoints * dims)
    per_guide = backbone.guide.out_features // (backbone.fold * backbone.num_keypoints)
    layouts = {
        'hanet.encoder_embed.weight': (1, 0, [dims] * (1 + inner.use_flow + 2 * inner.use_neighbours) + scores),
        'hanet.motion_embed.weight': (1, inner.motion_embed.out_features, [dims] * motions + scores),
        'hanet.decoder_embed.weight': (1, 0, [dims]),
        'guide.weight': (0, 0, [per_guide]),
        'guide.bias': (0, 0, [per_guide]),
    }
    for name, _ in backbone.named_parameters():
        if name.startswith(('hanet.refined_head.', 'hanet.final_head.', 'hanet.motion.')):
            layouts[name] = (0, 0, [dims])
        elif name in ('judge.joint', 'choose.joint', 'doubt.joint'):
            layouts[name] = (0, 0, [])
        elif name.startswith('doubt_guide.'):
            layouts[name] = (0, 0, [1])
    return {f'backbone.{name}': layout for name, layout in layouts.items()}


def _mix(value: Tensor, axis: int, skip: int, parts: Sequence[int], fold: int, matrix: Tensor) -> Tensor:
    value = value.movedim(axis, 0)
    if not parts:  # one row per joint, whatever the fold
        return torch.einsum('nk,k...->n...', matrix, value).movedim(0, axis)
    mixed, place = [value[:skip]], skip
    for channels in parts:
        length = fold * matrix.shape[1] * channels
        part = value[place : place + length].unflatten(0, (fold, matrix.shape[1], channels))
        mixed.append(torch.einsum('nk,fkc...->fnc...', matrix, part).flatten(0, 2))
        place += length
    return torch.cat(mixed).movedim(0, axis)
