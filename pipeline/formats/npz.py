"""Open npz files from untrusted sources."""

import pickle
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Union

import numpy as np

from pipeline.errors import InputError
from pipeline.reading import open_plain

# what NumPy, zipfile and zlib raise, in practice, on damaged content
BROKEN = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    SyntaxError,
    RuntimeError,
    NotImplementedError,
    MemoryError,
    zipfile.BadZipFile,
    zlib.error,
    pickle.UnpicklingError,
)


_MAX_UNFOLDED = 1 << 30  # bytes of a small file's arrays; of a large one four times its size


@contextmanager
def open_npz(path: Union[str, Path], what: str, allow_pickle: bool = False) -> Iterator[np.lib.npyio.NpzFile]:
    """The arrays of a file by their names; whatever is wrong with it in the body of ``with`` is an InputError.

    Args:
        what: the file should be, for messages.
        allow_pickle: open pickled entries, which can run code.

    Raises:
        InputError: if the file is missing, broken, lacks an array, or holds pickled
            objects and may not.
    """
    try:
        _check_sizes(path)
        with np.load(path, allow_pickle=allow_pickle) as arrays:
            if not isinstance(arrays, np.lib.npyio.NpzFile):
                raise ValueError('a single array')
            yield arrays
    except InputError:
        raise
    except BROKEN as error:
        if 'Object arrays' in str(error):
            raise InputError(
                f'{path}: holds pickled objects, which can run code when opened. If you trust its '
                'origin, pass allow_pickle=True or convert it with tools/convert_dataset.py'
            ) from error
        reason = ' '.join(str(error).split())[:120] or type(error).__name__
        raise InputError(f'{path}: not {what} ({reason})') from error


def _check_sizes(path: Union[str, Path]) -> None:
    """Refuse what unfolds to much more than its size, before anything is unpacked."""
    with open_plain(path) as file, zipfile.ZipFile(file) as archive:
        unfolded, limit = (
            sum(entry.file_size for entry in archive.infolist()),
            max(_MAX_UNFOLDED, 4 * Path(path).stat().st_size),
        )
        if unfolded > limit:
            raise InputError(f'{path}: unfolds to {unfolded} bytes, at most {limit} are read from a file of its size')
