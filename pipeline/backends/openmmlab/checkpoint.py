"""Load checkpoints of OpenMMLab's model zoos without running code, and fit them to a model."""

import re
from pathlib import Path
from typing import List, Mapping, Tuple, Union

import torch
from torch import nn

from pipeline.assets import resolve
from pipeline.backends.checkpoint import read_checkpoint
from pipeline.errors import InputError

# Buffers that come and go between versions and change no result.
_FLEETING = re.compile(r'(^|\.)(num_batches_tracked|data_preprocessor\.(mean|std))$')


def load_checkpoint(model: nn.Module, checkpoint: Union[str, Path]) -> dict:
    """Copy a checkpoint's weights into ``model``.

    Args:
        checkpoint: a path, or ``asset:NAME``. Its weights lie under ``state_dict``, or it
            is nothing but weights.

    Returns:
        The checkpoint's ``meta``, empty if it has none.

    Raises:
        InputError: if the file is missing, broken, could run code, or its weights are not
            those of the model.
    """
    path = resolve(str(checkpoint))
    content = read_checkpoint(path)
    weights = content.get('state_dict', content)
    if not isinstance(weights, Mapping) or not any(isinstance(value, torch.Tensor) for value in weights.values()):
        raise InputError(f'{path}: holds no weights')
    load_weights(model, weights, path)
    meta = content.get('meta')
    return meta if isinstance(meta, dict) else {}


def read_inert(path: Union[str, Path]) -> Tuple[dict, List[str]]:
    """Read a checkpoint in which training left objects of its own, every one of which becomes an inert stand-in.

    Nothing of the file is run, nor imported (:mod:`pipeline.backends.plain_pickle`).

    Returns:
        The content, and the names of what was discarded.

    Raises:
        InputError: if the file is missing or broken, or names a function of the operating system.
    """
    discarded: List[str] = []
    return read_checkpoint(path, discarded), discarded


def load_weights(model: nn.Module, weights: Mapping, path: Union[str, Path]) -> None:
    """Copy ``weights``; every one must have its place, and every place its weight.

    Modules that know the names of their older versions translate them.

    Raises:
        InputError: naming what is missing, left over or of another shape.
    """
    weights = {re.sub(r'^module\.', '', name): value for name, value in weights.items()}
    weights = without_averages(weights)
    try:
        result = model.load_state_dict(weights, strict=False)
    except (RuntimeError, AttributeError, TypeError) as error:
        misfit = re.search(r'size mismatch for (\S+): .*?torch\.Size\((.*?)\).*?torch\.Size\((.*?)\)', str(error))
        what = (
            f'{misfit[1]} has shape {misfit[2]}, the config says {misfit[3]}' if misfit else f'{type(error).__name__}'
        )
        raise InputError(f'{path}: weights that do not fit the config: {what}') from error
    faults = [
        f'{len(names)} {what} ({", ".join(names[:2])}{", …" if len(names) > 2 else ""})'
        for what, names in (
            ('are missing', _lasting(result.missing_keys)),
            ('have no place', _lasting(result.unexpected_keys)),
        )
        if names
    ]
    if faults:
        raise InputError(f'{path}: weights that do not fit the config: {"; ".join(faults)}')


def without_averages(weights: Mapping) -> dict:
    """``weights`` without the flat copies ``ema_backbone_conv_weight`` that MMDetection 2.x keeps of all of them.

    Its hook swaps both before it saves: the averages are what stands under the weights' own names.
    """
    copies = {'ema_' + name.replace('.', '_') for name in weights}
    return {name: value for name, value in weights.items() if name not in copies}


def _lasting(names) -> list:
    return [name for name in names if not _FLEETING.search(name)]
