"""Read files that ``torch.save`` wrote, of today (a zip archive) and of before version 1.6, without running anything.

What a file declares is compared with its size before memory is asked for, and the checksums of an
archive are checked.
"""

import os
import struct
import zipfile
from pathlib import Path
from typing import Any, BinaryIO, Callable, Dict, List, Optional, Tuple, Union

import torch

from pipeline.backends.plain_pickle import MAX_PICKLE, Reader, Refused, Storage, named_storage
from pipeline.reading import open_plain

_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_ROOM = 1 << 24  # bytes that a file's tensors may take beyond its size, as views of each other
_MAX_LINE = 1 << 12


def read_torch_file(path: Union[str, Path], discarded: Optional[List[str]] = None) -> Any:
    """What ``torch.save`` was given, on the CPU: plain values, tensors, arrays of numbers.

    Args:
        discarded: as of :class:`Reader`.

    Raises:
        InputError: if it is no plain file.
        Refused: if it holds anything else, or declares more than a file of its size can hold.
        OSError: if the file cannot be read.
        ValueError, LookupError …: if it is damaged.
    """
    with open_plain(path) as file:
        if file.read(4) == b'PK\x03\x04':
            return _read_archive(file, discarded)
        file.seek(0)
        return _read_legacy(file, discarded)


def _read_archive(file: BinaryIO, discarded: Optional[List[str]]) -> Any:
    size = os.fstat(file.fileno()).st_size
    with zipfile.ZipFile(file) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
        if sum(entry.file_size for entry in archive.infolist()) > size:
            raise Refused('entries larger than the file, which torch never compresses')
        (root,) = [name[: -len('data.pkl')] for name in entries if name.rpartition('/')[2] == 'data.pkl']
        if f'{root}byteorder' in entries and archive.read(f'{root}byteorder') != b'little':
            raise Refused('numbers in the byte order of other machines')
        if entries[f'{root}data.pkl'].file_size > MAX_PICKLE:
            raise Refused(f'more than {MAX_PICKLE} bytes beside the weights')

        def content(key: str, count: int) -> torch.Tensor:
            entry = entries[f'{root}data/{key}']
            if entry.file_size != count:
                raise Refused('tensors larger than the file' if entry.file_size < count else 'tensors cut short')
            data = torch.empty(count, dtype=torch.uint8)
            with archive.open(entry) as source:
                _fill(data, source)
                source.read(1)  # at the end the checksum is compared
            return data

        with archive.open(f'{root}data.pkl') as stream:
            value = Reader(_Storages(content), size + _ROOM, discarded).read(_Bounded(stream))
            stream.read()
    return value


def _read_legacy(file: BinaryIO, discarded: Optional[List[str]]) -> Any:
    """A row of pickles, then the numbers of each storage."""
    size = os.fstat(file.fileno()).st_size
    stream = _Bounded(file)

    def read(load: Callable = _no_storage) -> Any:
        return Reader(load, size + _ROOM, discarded).read(stream)

    if read() != _MAGIC or read() != _PROTOCOL or not isinstance(read(), dict):
        raise ValueError('not a file of torch')
    declared: Dict[str, torch.Tensor] = {}

    def content(key: str, count: int) -> torch.Tensor:
        if sum(map(len, declared.values())) + count > size:
            raise Refused('tensors larger than the file')
        declared[key] = torch.empty(count, dtype=torch.uint8)
        return declared[key]

    storages = _Storages(content)
    value = read(storages)
    keys = read()
    if not isinstance(keys, list) or sorted(map(str, keys)) != sorted(declared):
        raise ValueError('another list of storages')
    for key in keys:
        (count,) = struct.unpack('<q', file.read(8))
        if count * storages.loaded[key].data.element_size() != len(declared[key]):
            raise ValueError('a storage of another size')
        _fill(declared[key], file)
    return value


class _Storages:
    """Gives the storage of each persistent id, once.

    Args:
        content: gives the bytes behind a key, of which there must be so many.
    """

    def __init__(self, content: Callable[[str, int], torch.Tensor]):
        self._content = content
        self.loaded: Dict[str, Storage] = {}

    def __call__(self, persistent: Tuple) -> Storage:
        kind, name, key, _, count, *view = persistent
        if (
            kind != 'storage'
            or not isinstance(key, str)
            or type(count) is not int
            or count < 0
            or view not in ([], [None])
        ):
            raise Refused('a storage of an unknown kind')
        if key not in self.loaded:
            dtype = named_storage(name)
            width = dtype.itemsize if dtype else 1
            data = self._content(key, count * width)
            self.loaded[key] = Storage(data.view(dtype) if dtype else data, typed=dtype is not None)
        return self.loaded[key]


class _Bounded:
    """A stream of which no more than a pickle needs is read at once."""

    def __init__(self, stream: BinaryIO):
        self._stream = stream

    def tell(self) -> int:
        return self._stream.tell()

    def read(self, count: int) -> bytes:
        if count > MAX_PICKLE:
            raise Refused(f'more than {MAX_PICKLE} bytes beside the weights')
        return self._stream.read(count)

    def readline(self) -> bytes:
        line = self._stream.readline(_MAX_LINE)
        if b'\\' in line:  # no name holds one, and Python warns of some
            raise ValueError('a name with a backslash')
        return line


def _no_storage(persistent: Tuple) -> Storage:
    raise ValueError('a storage in the head of the file')


def _fill(data: torch.Tensor, source: BinaryIO) -> None:
    view, done = memoryview(data.numpy()), 0
    while done < len(view):
        count = source.readinto(view[done : done + (1 << 20)])
        if not count:
            raise EOFError('cut short')
        done += count
