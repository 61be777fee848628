"""A folder of output files that appears complete or not at all: files of one kind, too many to be listed one by one."""

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

from pipeline.errors import InputError, exhausted
from pipeline.files.claim import Claim, Force, passing_path


class FolderOutput:
    """Collects files in a hidden folder beside ``path`` and renames it in the end.

    Args:
        path: of the folder.
        ours: what the names of its files fit. A folder that holds anything else is never replaced.
        force: whether a folder may be replaced; a claim's, where ``record`` may be replaced.
        record: a file beside the folder that a run writes with it.

    Raises:
        InputError: if the folder exists and may not be replaced, or cannot be made.
    """

    def __init__(self, path: Path, ours: 're.Pattern[str]', force: Force, record: Path):
        self.path, self._ours, self._force = path, ours, force
        self._may_replace = force.may_replace(record) if isinstance(force, Claim) else force
        self._check()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._passing = self._passing_name()
            self._passing.mkdir()
        except OSError as error:
            raise InputError(f'{path}: {exhausted(error) or f"cannot be written ({error.strerror})"}') from error

    def add(self, name: str, content: bytes) -> None:
        """Write a new file into the folder."""
        descriptor = os.open(f'{self._passing}/{name}', os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        with open(descriptor, 'wb', buffering=0) as file:
            while content:
                content = content[file.write(content) :]

    def place(self) -> Path:
        """Give the folder its name.

        Raises:
            InputError: if one has appeared meanwhile that may not be replaced.
        """
        self._check()
        old = self._passing_name()
        with suppress(FileNotFoundError):
            os.rename(self.path, old)
        os.rename(self._passing, self.path)
        shutil.rmtree(old, ignore_errors=True)
        return self.path

    def discard(self) -> None:
        """Remove what was not placed."""
        shutil.rmtree(self._passing, ignore_errors=True)

    def _check(self) -> None:
        if not os.path.lexists(self.path):
            return
        if self.path.is_symlink() or not self.path.is_dir():
            raise InputError(f'{self.path}: exists already, and is no folder of an earlier run; choose another name')
        other = next((name for name in os.listdir(self.path) if not self._ours.fullmatch(name)), None)
        if other is not None:
            raise InputError(f'{self.path}: holds {other}, which no run has made; choose another name')
        if not self._may_replace:
            raise InputError(f'{self.path}: exists already; choose another name or pass --force')

    def _passing_name(self) -> Path:
        """A name beside the folder; a claim lists it, so that it is found after a kill."""
        return self._force.passing(self.path) if isinstance(self._force, Claim) else passing_path(self.path)
