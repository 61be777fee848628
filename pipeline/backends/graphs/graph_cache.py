"""Cache converted graphs on disk, keyed by what they were made from and verified by hash.

A file is called ``KEY-DIGEST.graph``. KEY hashes everything that goes into a conversion (weights,
config, shapes, versions), DIGEST the file's own bytes, so that a file damaged by a disk or a
person is noticed, removed and made again. Files get their name when they are complete; two
processes that convert the same graph at once both end well.
"""

import hashlib
import os
import stat
from pathlib import Path
from typing import Iterable, Optional

import torch
from torch import nn

from pipeline.assets.fetch import cache_folder
from pipeline.errors import InputError
from pipeline.files import atomic_path
from pipeline.reading import read_bounded

_MAX_GRAPH = 1 << 34  # bytes
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
    """The sound file of this key; damaged ones are removed, None if there is no other.

    Raises:
        InputError: if others may write to the cache.
    """
    for path in sorted(_trusted(_folder()).glob(f'{key}-*.graph')):
        if _sound(path):
            return path
        path.unlink(missing_ok=True)
    return None


def store(key: str, content: bytes) -> Path:
    """Keep ``content``; returns its file.

    Raises:
        InputError: if the cache folder cannot be written to, or others may write to it.
    """
    path = _trusted(_folder()) / f'{key}-{_digest(content)}.graph'
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with atomic_path(path, force=True) as temporary:
        temporary.write_bytes(content)
    return path


def read(path: Path) -> bytes:
    """The content of a file of this cache.

    Raises:
        InputError: if it is gone, or was changed since.
    """
    content = read_bounded(path, _MAX_GRAPH, text=False)
    if _digest(content) != path.stem.rpartition('-')[2]:
        raise InputError(f'{path}: was changed while it was in use; run again, it will be made anew')
    return content


def _folder() -> Path:
    return cache_folder() / 'openvino'


def _trusted(folder: Path) -> Path:
    """``folder``, if nobody else can put a graph into it: a file's name tells that it is whole, not who made it.

    Raises:
        InputError: if it is another user's, or everybody may write to it.
    """
    for place in (folder, folder.parent):
        if not place.exists():
            continue
        state, user = place.stat(), os.geteuid()
        if state.st_mode & stat.S_IWOTH or user != 0 and state.st_uid not in (0, user):
            raise InputError(
                f'{place}: others may write to this cache, and what is in it is run: chmod o-w {place}, '
                'or name a folder of your own in POSE_CACHE'
            )
    return folder


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
