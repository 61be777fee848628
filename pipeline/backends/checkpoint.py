"""Files of trained temporal networks: weights, the config that builds them, and notes.

A file is a dictionary of plain values and tensors, read with ``weights_only``, so
opening one never runs code:

``format``      :data:`FORMAT`
``config``      ``type`` and arguments of the network
``state_dict``  weights, float32 or float16
``meta``        whatever its maker noted: data, metrics, versions
"""

import pickle
import struct
from collections.abc import Mapping
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Optional, Tuple, Type, TypeVar, Union

import numpy as np
import torch
from torch import nn

from pipeline.backends.registered import build_registered
from pipeline.errors import InputError
from pipeline.files import atomic_path

Network = TypeVar('Network', bound=nn.Module)

FORMAT = 'temporal pose network, version 1'
# what torch.load and constructors raise, in practice, on damaged content
BROKEN = (
    RuntimeError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    MemoryError,
    struct.error,
)
# single numbers of NumPy, which training loops like to store; they cannot run code
_scalar = np.float64(0).__reduce__()[0]
NUMPY_SCALARS = [
    np.dtype,
    *(type(np.dtype(kind)) for kind in ('f8', 'f4', 'i8', 'i4', '?')),
    (_scalar, 'numpy.core.multiarray.scalar'),
    (_scalar, 'numpy._core.multiarray.scalar'),
]


def save_model(
    path: Union[str, Path],
    config: Mapping,
    state_dict: Mapping,
    meta: Optional[Mapping] = None,
    half: bool = False,
    force: bool = False,
) -> None:
    """Write a registered network so that :func:`load_model` needs nothing but the file.

    Args:
        path: the file to write.
        config: ``type`` and arguments of the network, plain values only.
        state_dict: its weights.
        meta: plain values to keep beside the weights.
        half: store weights as float16, half the size.
        force: replace an existing file.

    Raises:
        InputError: if the file exists or cannot be written, or ``config`` or ``meta`` hold more than plain values.
    """
    weights = {name: _stored(value, half) for name, value in state_dict.items()}
    content = {
        'format': FORMAT,
        'config': _plain(config, 'config'),
        'state_dict': weights,
        'meta': _plain(meta or {}, 'meta'),
    }
    with atomic_path(path, force) as temporary:
        torch.save(content, temporary)


def load_model(
    path: Union[str, Path], expected: Type[Network], device: Union[str, torch.device] = 'cpu'
) -> Tuple[Network, dict]:
    """Build the network in a file, in evaluation mode, and give it with its notes.

    Args:
        path: a file that :func:`save_model` wrote.
        expected: class that it must hold.
        device: where the weights go.

    Raises:
        InputError: if the file is missing, broken, of another kind, or its weights do not fit its config.
    """
    content = read_checkpoint(path)
    if content.get('format') != FORMAT:
        raise InputError(
            f'{path}: not a file of this project ({FORMAT!r}); '
            'published checkpoints go through tools/convert_checkpoint.py first'
        )
    config, state_dict = content.get('config'), content.get('state_dict')
    if not isinstance(config, dict) or not isinstance(state_dict, dict):
        raise InputError(f'{path}: config or state_dict is missing')
    if config.get('type') != expected.__name__:
        raise InputError(f'{path}: holds a {config.get("type")}, a {expected.__name__} is needed')
    try:
        with torch.device('meta'):  # sizes are compared before any memory is asked for
            empty = build_registered(config)
    except (InputError, *BROKEN) as error:
        raise InputError(f'{path}: its config builds no {expected.__name__}: {error}') from error
    check_weights(empty, state_dict, path)
    model = build_registered(config)
    model.load_state_dict(state_dict)
    return model.to(device).eval(), content.get('meta') or {}


def read_checkpoint(path: Union[str, Path]) -> dict:
    """Read a dictionary that ``torch.save`` wrote, without ever running code of the file.

    Raises:
        InputError: if the file is missing, broken, or holds anything but plain
            values and tensors.
    """
    try:
        with torch.serialization.safe_globals(NUMPY_SCALARS):
            content = torch.load(str(path), map_location='cpu', weights_only=True)
    except OSError as error:
        raise InputError(f'{path}: cannot be read ({error.strerror})') from error
    except pickle.UnpicklingError as error:
        raise InputError(
            f'{path}: not a checkpoint, or one with more than weights and plain values '
            '(it is not opened, for it could run code); of a training take refiner.pth, beside its epoch_N.pth'
        ) from error
    except BROKEN as error:
        raise InputError(f'{path}: not a checkpoint, or a broken one') from error
    if not isinstance(content, dict):
        raise InputError(f'{path}: holds a {type(content).__name__}, a dictionary with weights is needed')
    return content


def check_weights(model: nn.Module, state_dict: Mapping, path: Union[str, Path]) -> None:
    """Compare names and shapes.

    Raises:
        InputError: naming the first weight that is missing, unknown or of another shape.
    """
    own = model.state_dict()
    for name, value in own.items():
        found = state_dict.get(name)
        if not isinstance(found, torch.Tensor):
            raise InputError(f'{path}: weights that do not fit the config: {name} is missing')
        if found.shape != value.shape:
            raise InputError(
                f'{path}: weights that do not fit the config: {name} has shape '
                f'{tuple(found.shape)}, the config says {tuple(value.shape)}'
            )
    unknown = [name for name in state_dict if name not in own]
    if unknown:
        raise InputError(f'{path}: weights that do not fit the config: {unknown[0]} has no place in it')


def _stored(value: torch.Tensor, half: bool) -> torch.Tensor:
    value = value.detach().cpu()
    return value.half() if half and value.is_floating_point() else value.clone()


def _plain(value: Any, where: str) -> Any:
    """``value`` as nothing but dictionaries, lists, strings and numbers."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item, f'{where}.{key}') for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, f'{where}[{i}]') for i, item in enumerate(value)]
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    raise InputError(f'{where}: {type(value).__name__} cannot be kept in a checkpoint; use plain values')
