"""Locks on files and folders; the kernel lets go of them when the process ends, however it ends."""

import errno
import fcntl
import os
import stat
import time
from contextlib import contextmanager, suppress
from itertools import takewhile
from pathlib import Path
from typing import Iterator

from pipeline.errors import InputError

# what file systems without locks say, some networks'
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EBADF, errno.EINVAL)


class Held(Exception):
    """Another process holds the lock."""


def open_own(path: Path, flags: int = os.O_RDWR | os.O_CREAT) -> int:
    """Open a file of ours, which must be a plain one: a link would make us write into a file of somebody else.

    Returns:
        The descriptor.

    Raises:
        InputError: if it is a link, has other names too, or is no file.
        OSError: if it cannot be opened.
    """
    try:
        # a pipe would wait for its other end
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
            raise InputError(f'{path}: is a link, a folder or a pipe, not a file of this program; remove it') from error
        raise
    state = os.fstat(descriptor)
    if stat.S_ISREG(state.st_mode) and state.st_nlink <= 1:
        return descriptor
    os.close(descriptor)
    raise InputError(f'{path}: is a link, a folder or a pipe, not a file of this program; remove it')


def lock(descriptor: int, shared: bool = False) -> bool:
    """Lock an open file or folder, without waiting.

    Returns:
        Whether it is locked: some file systems have no locks.

    Raises:
        Held: if another process holds it.
    """
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Held from error
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return False
    return True


def is_named(descriptor: int, path: Path) -> bool:
    """Whether the open file still has the name ``path``."""
    with suppress(OSError):
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    return False


@contextmanager
def shared_folder(folder: Path) -> Iterator[None]:
    """Use ``folder`` beside others, but not beside a batch, which has it for itself (:func:`sole_folder`).

    Raises:
        InputError: if a batch is running there, or the folder cannot be made.
    """
    with _folder(folder, True, 'a batch is writing there'):
        yield


@contextmanager
def sole_folder(folder: Path) -> Iterator[None]:
    """Have ``folder`` alone.

    Raises:
        InputError: if anybody is writing there, or the folder cannot be made.
    """
    with _folder(folder, False, 'another run is writing there'):
        yield


@contextmanager
def _folder(folder: Path, shared: bool, who: str) -> Iterator[None]:
    """Hold a folder, made if need be; what was made and stays empty is removed, as after a refused option."""
    try:
        made = list(takewhile(lambda path: not path.exists(), (folder, *folder.parents)))  # the innermost first
        descriptor = _held(folder, shared)
    except Held as error:
        raise InputError(f'{folder}: {who}; wait for its end, or choose another folder') from error
    except OSError as error:
        raise InputError(f'{folder}: cannot be written to ({error.strerror})') from error
    try:
        yield
    finally:
        if made:
            with suppress(Held, OSError):
                if lock(descriptor):  # nobody else has come
                    for path in made:
                        path.rmdir()
        os.close(descriptor)


def _held(folder: Path, shared: bool) -> int:
    """The descriptor of a folder, locked."""
    patient = True
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            lock(descriptor, shared)
            if os.path.samestat(os.fstat(descriptor), os.stat(folder)):
                held, descriptor = descriptor, -1
                return held
        except FileNotFoundError:
            pass  # removed since it was opened, by whoever had made it
        except Held:
            if not patient:
                raise
            time.sleep(0.05)  # whoever removes it holds it for a moment
            patient = False
        finally:
            if descriptor >= 0:
                os.close(descriptor)
