"""Write files atomically, and never replace a user's file unasked."""

import errno
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Union

from pipeline.errors import InputError

# folders that systems and network drives keep beside a user's files
_SYSTEM_FOLDERS = frozenset(
    ('__MACOSX', '@eaDir', '#recycle', '#snapshot', '$RECYCLE.BIN', 'System Volume Information')
)


def is_clutter(path: Union[str, Path]) -> bool:
    """Whether a file found in a user's folder is none of the user's.

    Such are names with a leading dot (``._clip.mp4``, in which macOS keeps a file's properties; files that
    are being written) and what lies in folders that a system made.

    Args:
        path: relative to the folder that the user named.
    """
    return any(part.startswith('.') or part in _SYSTEM_FOLDERS for part in Path(path).parts)


def check_writable(path: Union[str, Path], force: bool = False) -> Path:
    """Make the parent folder of ``path`` and refuse to replace an existing file.

    Raises:
        InputError: if ``path`` exists and ``force`` is false, is a folder, or
            its folder cannot be made or written to.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(f'{path}: is a folder, a file name is needed')
    if path.exists() and not force:
        raise InputError(f'{path}: exists already; choose another name or pass --force')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f'{path.parent}: cannot make this folder ({error.strerror})') from error
    if not os.access(path.parent, os.W_OK):
        raise InputError(f'{path.parent}: is not writable')
    return path


@contextmanager
def atomic_path(path: Union[str, Path], force: bool = False) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it on success, delete it on failure.

    The temporary name keeps the suffix, because encoders choose the container by it.

    Raises:
        InputError: as :func:`check_writable`, and when the disk is full.
    """
    path = check_writable(path, force)
    handle, name = tempfile.mkstemp(prefix=f'.{path.stem}-', suffix=f'.part{path.suffix}', dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _finish(temporary, path)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise InputError(f'{path}: no space left on the disk') from error
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _finish(temporary: Path, path: Path) -> None:
    # mkstemp makes files private; a result is as readable as any file the user makes
    umask = os.umask(0)
    os.umask(umask)
    temporary.chmod(0o666 & ~umask)
    os.replace(temporary, path)
