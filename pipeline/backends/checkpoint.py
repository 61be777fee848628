"""Files of trained temporal networks: weights, the config that builds them, and notes.

A file is a dictionary of plain values and tensors, read by :mod:`pipeline.backends.torch_file`, so
opening one never runs code:

``format``      :data:`FORMAT`
``config``      ``type`` and arguments of the network
``state_dict``  weights, float32 or float16
``meta``        whatever its maker noted: data, metrics, versions
``digest``      :func:`digest_of` the weights, so that a damaged file is found; older files have none
"""

import hashlib
import struct
import zipfile
import zlib
from collections.abc import Mapping
from numbers import Integral, Real
from pathlib import Path
from typing import Any, List, Optional, Tuple, Type, TypeVar, Union

import torch
from torch import nn

from pipeline.backends.plain_pickle import Refused
from pipeline.backends.registered import build_registered
from pipeline.backends.torch_file import read_torch_file
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
    zipfile.BadZipFile,
    zlib.error,
)


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
        'digest': digest_of(weights),
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
    if 'digest' in content and content['digest'] != digest_of(state_dict):
        raise InputError(f'{path}: is damaged: its weights are not those that were saved; fetch or copy it again')
    try:
        with torch.device('meta'):  # sizes are compared before any memory is asked for
            empty = build_registered(config)
    except (InputError, *BROKEN) as error:
        raise InputError(f'{path}: its config builds no {expected.__name__}: {error}') from error
    check_weights(empty, state_dict, path)
    model = build_registered(config)
    model.load_state_dict(state_dict)
    return model.to(device).eval(), content.get('meta') or {}


def read_checkpoint(path: Union[str, Path], discarded: Optional[List[str]] = None) -> dict:
    """Read a dictionary that ``torch.save`` wrote, without ever running code of the file.

    Args:
        discarded: if given, other objects become inert stand-ins, and their names are added to it.

    Raises:
        InputError: if the file is missing, broken, or holds anything but plain values and tensors; with
            ``discarded``, if it names a function of the operating system.
    """
    try:
        content = read_torch_file(path, discarded)
    except OSError as error:
        raise InputError(f'{path}: cannot be read ({error.strerror or error})') from error
    except Refused as error:
        raise InputError(
            f'{path}: not a checkpoint, or one with more than weights and plain values: {error} (it is not opened, for '
            'it could run code or fill the memory); of a training take refiner.pth, beside its epoch_N.pth; '
            'tools/convert_checkpoint.py openmmlab takes the weights out of others'
        ) from error
    except BROKEN as error:
        raise InputError(f'{path}: not a checkpoint, or a broken one ({type(error).__name__})') from error
    if not isinstance(content, dict):
        raise InputError(f'{path}: holds a {type(content).__name__}, a dictionary with weights is needed')
    return content


def digest_of(state_dict: Mapping) -> str:
    """SHA-256, in hex digits, of names, types, shapes and numbers of all weights, in the order of their names."""
    digest = hashlib.sha256()
    for name in sorted(state_dict, key=str):
        value = state_dict[name]
        if isinstance(value, torch.Tensor):
            digest.update(f'{name} {value.dtype} {tuple(value.shape)}\n'.encode())
            digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    return digest.hexdigest()


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
