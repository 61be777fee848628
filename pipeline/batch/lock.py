"""One run at a time in a folder."""

import fcntl
import os
import socket
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from pipeline.errors import InputError

NAME = '.batch.lock'


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Hold ``folder``; the kernel lets go of it when the process ends, however it ends.

    Raises:
        InputError: if another process holds it, or the folder cannot be written to.
    """
    path = folder / NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = open(path, 'a+', encoding='utf-8')
    except OSError as error:
        raise InputError(f'{folder}: cannot be written to ({error.strerror})') from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read(200).strip() or 'unknown'
            raise InputError(
                f'{folder}: another run is writing there ({holder}); wait for its end, or choose another folder'
            ) from error
        file.truncate(0)
        file.write(f'process {os.getpid()} on {socket.gethostname()}\n')
        file.flush()
        # the file stays: removing it would let a third run lock a new one beside a second run's
        yield
