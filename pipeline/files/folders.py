"""Folders of passing files: made without following links, and cleared of what we put there only."""

import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import Sequence

from pipeline.errors import InputError, exhausted

_AS_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def make_folder(root: Path, parts: Sequence[str]) -> Path:
    """The folder ``parts`` below ``root``, made if need be; none of them is a link.

    Raises:
        InputError: if one is, or cannot be made.
    """
    path = root
    for part in parts:
        path = path / part
        try:
            path.mkdir(exist_ok=True)
        except OSError as error:
            raise InputError(f'{path}: cannot make this folder ({exhausted(error) or error.strerror})') from error
        if path.is_symlink():
            raise InputError(f'{path}: is a link, where this program keeps passing files; remove it')
    return path


def clear_folder(root: Path, parts: Sequence[str], ours: 're.Pattern[str]') -> None:
    """Remove the plain files of the folder ``parts`` below ``root`` whose names fit ``ours``, and what is empty then.

    Whatever else there is stays, and so does everything behind a link.
    """
    with suppress(OSError):
        _clear(os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC), list(parts), ours)


def _clear(folder: int, parts: Sequence[str], ours: 're.Pattern[str]') -> None:
    # by open folders, not by paths: nothing on the way can become a link meanwhile
    try:
        if not parts:
            for name in os.listdir(folder):
                if ours.fullmatch(name) and stat.S_ISREG(os.lstat(name, dir_fd=folder).st_mode):
                    os.unlink(name, dir_fd=folder)
            return
        _clear(os.open(parts[0], _AS_FOLDER, dir_fd=folder), parts[1:], ours)
        os.rmdir(parts[0], dir_fd=folder)
    finally:
        os.close(folder)
