"""One batch at a time in a folder, and no other run beside it."""

import os
import socket
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from pipeline.errors import InputError
from pipeline.files.locks import Held, lock, open_own, sole_folder

NAME = '.batch.lock'


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Hold ``folder``; the kernel lets go of it when the process ends, however it ends.

    The file ``.batch.lock`` tells who holds it, and locks it on file systems that lock no folders. It stays:
    removing it would let a third run lock a new one beside a second run's.

    Raises:
        InputError: if another process holds it, the folder cannot be written to, or ``.batch.lock`` is a link.
    """
    path = folder / NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = open_own(path)
    except OSError as error:
        raise InputError(f'{folder}: cannot be written to ({error.strerror})') from error
    try:
        try:
            lock(descriptor)
        except Held as error:
            holder = os.pread(descriptor, 200, 0).decode('utf-8', 'replace').strip() or 'unknown'
            raise InputError(
                f'{folder}: another run is writing there ({holder}); wait for its end, or choose another folder'
            ) from error
        with sole_folder(folder):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f'process {os.getpid()} on {socket.gethostname()}\n'.encode(), 0)
            yield
    finally:
        os.close(descriptor)
