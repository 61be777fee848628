"""Load checkpoints of OpenMMLab's model zoos without running code, and fit them to a model."""

import re
from collections import OrderedDict
from pathlib import Path
from typing import List, Mapping, Set, Tuple, Union

import numpy as np
import torch
from torch import nn

from pipeline.assets import resolve
from pipeline.backends.checkpoint import read_checkpoint
from pipeline.errors import InputError


class Discarded:
    """Stands in for objects that training left in a checkpoint and that nothing here reads."""

    def __new__(cls, *args, **kwargs):
        return super().__new__(cls)

    def __init__(self, *args, **kwargs):
        pass

    def __setstate__(self, state):
        pass


class DiscardedMapping(Discarded):
    """The same for dictionaries of other classes: torch fills its own only."""

    def __new__(cls, *args, **kwargs):
        return OrderedDict(discarded=Discarded())


_reconstruct = np.zeros(1).__reduce__()[0]
# What published checkpoints hold besides tensors: arrays (colours, sigmas) and the log of the
# training run, whose buffers were pickled with `getattr`. Neither the buffers nor `getattr` are
# let in: their names stand for an inert class.
PUBLISHED_GLOBALS = [
    np.ndarray,
    slice,
    *{getattr(np.dtypes, name) for name in dir(np.dtypes) if name.endswith('DType')},
    (_reconstruct, 'numpy.core.multiarray._reconstruct'),
    (_reconstruct, 'numpy._core.multiarray._reconstruct'),
    (Discarded, 'mmengine.logging.history_buffer.HistoryBuffer'),
    (Discarded, 'builtins.getattr'),
    (Discarded, '__builtin__.getattr'),
]
# What torch says of a name that a file may not use, as long as that is not one of the system's own (`posix.system`)
_UNKNOWN = re.compile(r'GLOBAL (\S+) was not an allowed global')
_NO_MAPPING = re.compile(r"Can only SETITEMS? for dict.* but got <class '.*~(\d+)'>", re.DOTALL)
_MOST_UNKNOWN = 100
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
    with torch.serialization.safe_globals(PUBLISHED_GLOBALS):
        content = read_checkpoint(path)
    weights = content.get('state_dict', content)
    if not isinstance(weights, Mapping) or not any(isinstance(value, torch.Tensor) for value in weights.values()):
        raise InputError(f'{path}: holds no weights')
    load_weights(model, weights, path)
    meta = content.get('meta')
    return meta if isinstance(meta, dict) else {}


def read_inert(path: Union[str, Path]) -> Tuple[dict, List[str]]:
    """Read a checkpoint in which training left objects of its own, every one of which becomes :class:`Discarded`.

    Nothing of the file is run, nor imported: the names in it are looked up in a table of ours,
    in which all that are unknown stand for that inert class.

    Returns:
        The content, and the names of what was discarded.

    Raises:
        InputError: if the file is missing or broken, or names a function of the operating system.
    """
    names: List[str] = []
    mappings: Set[int] = set()  # which of them are of dictionaries
    while len(names) <= _MOST_UNKNOWN:
        kinds = (DiscardedMapping if i in mappings else Discarded for i in range(len(names)))
        stand_ins = [(type(f'~{i}', (kind,), {}), names[i]) for i, kind in enumerate(kinds)]
        try:
            with torch.serialization.safe_globals(PUBLISHED_GLOBALS + stand_ins):
                return read_checkpoint(path), names
        except InputError as error:
            unknown, filled = (message.search(str(error.__cause__)) for message in (_UNKNOWN, _NO_MAPPING))
            if unknown and unknown[1] not in names:
                names.append(unknown[1])
            elif filled and int(filled[1]) not in mappings:
                mappings.add(int(filled[1]))
            else:
                raise
    raise InputError(f'{path}: names more than {_MOST_UNKNOWN} kinds of objects that are not known here')


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
