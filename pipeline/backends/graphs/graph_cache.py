"""Cache converted graphs on disk, keyed by what they were made from and verified by hash.

A file is called ``KEY-DIGEST.graph``. KEY hashes everything that goes into a conversion (weights,
config, shapes, versions), DIGEST the file's own bytes, so that a file damaged by a disk or a
person is noticed, removed and made again. Files get their name when they are complete; two
processes that convert the same graph at once both end well.
"""

import hashlib
from pathlib import Path
from typing import Iterable, Optional

import torch
from torch import nn

from pipeline.assets.fetch import cache_folder
from pipeline.errors import InputError
from pipeline.files import atomic_path

_DIGITS = 32  # of SHA-256, in hexadecimal


def fingerprint(module: nn.Module, *facts: object) -> str:
    """Hash of all weights and buffers of ``module``, and of ``facts`` as text."""
    digest = hashlib.sha256()
    for fact in facts:
        digest.update(repr(fact).encode() + b'\0')
    for name, tensor in _tensors(module):
        digest.update(f'{name} {tensor.dtype} {tuple(tensor.shape)}\0'.encode())
        digest.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
    return digest.hexdigest()[:_DIGITS]


def load(key: str) -> Optional[Path]:
    """The sound file of this key; damaged ones are removed, None if there is no other."""
    for path in sorted(_folder().glob(f'{key}-*.graph')):
        if _sound(path):
            return path
        path.unlink(missing_ok=True)
    return None


def store(key: str, content: bytes) -> Path:
    """Keep ``content``; returns its file.

    Raises:
        InputError: if the cache folder cannot be written to.
    """
    path = _folder() / f'{key}-{_digest(content)}.graph'
    with atomic_path(path, force=True) as temporary:
        temporary.write_bytes(content)
    return path


def read(path: Path) -> bytes:
    """The content of a file of this cache.

    Raises:
        InputError: if it is gone, or was changed since.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f'{path}: cannot be read ({error.strerror})') from error
    if _digest(content) != path.stem.rpartition('-')[2]:
        raise InputError(f'{path}: was changed while it was in use; run again, it will be made anew')
    return content


def _folder() -> Path:
    return cache_folder() / 'openvino'


def _tensors(module: nn.Module) -> Iterable:
    yield from module.named_parameters()
    yield from module.named_buffers()


def _sound(path: Path) -> bool:
    try:
        read(path)
    except InputError:
        return False
    return True


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_DIGITS]
