"""A run's hold on its output files: who writes them, and which of those that are there are a run's own."""

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import socket
import stat
from contextlib import suppress
from pathlib import Path
from typing import Dict, Iterator, Mapping, Optional, Union

from pipeline.errors import InputError, exhausted
from pipeline.files.locks import Held, is_named, lock, open_own
from pipeline.files.names import bounded

_TOKEN = '[0-9a-f]{8}'
_PASSING = re.compile(rf'\..+-{_TOKEN}\.part(\.[^./]*)?')
_MOST = 64 << 20  # bytes that are read of a claim
_MOST_PREFIX = 200  # bytes of a passing file's name that come from the file's


class Claim:
    """The hold of one run on the files of one name in a folder; a context manager.

    Its file, ``.NAME.claim``, is locked while the run lives: two runs never write the files of one name at once. It
    lists every passing file before it is made, and every finished one with its SHA-256 before it gets its name. So
    whoever comes after a killed or failed run knows what is a run's own: passing files are removed when a claim is
    taken, and finished ones may be replaced as long as nobody has changed them. :meth:`settle` ends this: from then on
    the files are the user's.

    As a boolean it says whether any file at all may be replaced.

    Args:
        folder: of the files; made if need be.
        name: that the files' names begin with, a safe one.
        force: any file may be replaced.
        known: SHA-256 by name of files in ``folder`` that may be replaced too.

    Attributes:
        placed: SHA-256 by name of what unsettled runs of this name, this one too, have finished.

    Raises:
        InputError: when entered, if another run holds it, or the folder cannot be written to.
    """

    def __init__(self, folder: Path, name: str, force: bool = False, known: Optional[Mapping[str, str]] = None):
        self._folder, self._name, self._force = folder, name, force
        self._path = folder / f'.{name}.claim'
        self._known = dict(known or {})
        self.placed: Dict[str, str] = {}
        self._descriptor = -1

    def __bool__(self) -> bool:
        return self._force

    def __enter__(self) -> 'Claim':
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f'{self._folder}: cannot make this folder ({error.strerror})') from error
        try:
            self._descriptor = self._locked()
            try:
                self._take_over()
            except BaseException:
                self._let_go(keep=True)
                raise
        except OSError as error:
            raise InputError(f'{self._folder}: {exhausted(error) or "is not writable"}') from error
        return self

    def __exit__(self, kind, error, trace) -> None:
        self._let_go(keep=bool(self.placed))

    def may_replace(self, path: Path) -> bool:
        """Whether ``path`` is a file that a run of this name made, and is as it left it; or any may be replaced."""
        if self._force:
            return True
        noted = {self._known.get(path.name), self.placed.get(path.name)} - {None}
        return self.wrote(path) and digest_of(path) in noted

    def wrote(self, path: Path) -> bool:
        """Whether a run of this name has made ``path``, whatever became of it since."""
        return path.parent == self._folder and (path.name in self._known or path.name in self.placed)

    def passing(self, path: Path) -> Path:
        """A name for a passing file that will become ``path``, listed so that it is found after a kill."""
        passing = passing_path(path)
        if path.parent == self._folder:
            self._note(passing=passing.name)
        return passing

    def finished(self, path: Path, content: Path) -> None:
        """Note that ``content`` gets the name ``path`` now."""
        digest = digest_of(content)
        if digest is not None and path.parent == self._folder:
            with suppress(OSError):  # a disk that is full for this line must not cost the file
                self._note(file=path.name, sha256=digest)
                self.placed[path.name] = digest

    def settle(self) -> None:
        """From now on what was placed is the user's."""
        self._known, self.placed = {}, {}

    def _locked(self) -> int:
        while True:
            descriptor = open_own(self._path)
            try:
                lock(descriptor)
            except Held:
                holder = os.pread(descriptor, 200, 0).partition(b'\n')[0].decode('utf-8', 'replace') or 'unknown'
                os.close(descriptor)
                raise InputError(
                    f'{self._folder}: another run is writing the files of {self._name} there ({holder}); '
                    'wait for its end, or choose another folder'
                ) from None
            if is_named(descriptor, self._path):
                return descriptor
            os.close(descriptor)  # its last holder has removed it since

    def _take_over(self) -> None:
        """Read what runs before have left, and begin a new list with what is still of use of it."""
        for entry in _entries(os.pread(self._descriptor, _MOST, 0)):
            passing, name, digest = (entry.get(key) for key in ('passing', 'file', 'sha256'))
            if isinstance(passing, str) and _PASSING.fullmatch(passing):
                remove_passing(self._folder / passing)
            elif isinstance(name, str) and isinstance(digest, str):
                self.placed[name] = digest
        lines = [f'process {os.getpid()} on {socket.gethostname()}']
        lines += [json.dumps(dict(file=name, sha256=digest)) for name, digest in self.placed.items()]
        # one write: a kill before it leaves the old list
        content = '\n'.join(lines).encode() + b'\n'
        os.pwrite(self._descriptor, content, 0)
        os.ftruncate(self._descriptor, len(content))
        os.lseek(self._descriptor, 0, os.SEEK_END)

    def _note(self, **entry: str) -> None:
        line = json.dumps(entry).encode() + b'\n'
        if os.write(self._descriptor, line) < len(line):
            os.write(self._descriptor, b'\n')  # what was cut is passed over; the rest of the disk says why
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _let_go(self, keep: bool) -> None:
        if not keep and is_named(self._descriptor, self._path):
            with suppress(OSError):
                os.unlink(self._path)
        os.close(self._descriptor)
        self._descriptor = -1


#: What may be replaced: nothing, everything, or what a run's own earlier ones have left.
Force = Union[bool, Claim]


def passing_path(path: Path) -> Path:
    """A new name beside ``path``, of its suffix, since encoders choose the container by it."""
    return path.with_name(f'.{bounded(path.stem, _MOST_PREFIX)}-{secrets.token_hex(4)}.part{path.suffix}')


def passing_pattern(path: Path) -> 're.Pattern[str]':
    """What :func:`passing_path` calls the passing files of ``path``."""
    return re.compile(rf'\.{re.escape(bounded(path.stem, _MOST_PREFIX))}-{_TOKEN}\.part{re.escape(path.suffix)}')


def digest_of(path: Path) -> Optional[str]:
    """SHA-256 of a plain file; None if it is a link, no file, or cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, 'rb') as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None
            digest = hashlib.sha256()
            for block in iter(lambda: file.read(1 << 20), b''):
                digest.update(block)
            return digest.hexdigest()
    except OSError:
        return None


def remove_file(path: Path) -> None:
    """Remove a plain file of ours; a link, a folder, or what cannot be removed stays."""
    with suppress(OSError):
        if stat.S_ISREG(os.lstat(path).st_mode):
            os.unlink(path)


def remove_passing(path: Path) -> None:
    """Remove a passing file, or a passing folder with all that is in it; a link stays."""
    remove_file(path)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)


def _entries(content: bytes) -> Iterator[dict]:
    for line in content.split(b'\n')[1:]:  # the first one names the holder
        with suppress(ValueError, RecursionError):
            entry = json.loads(line)
            if isinstance(entry, dict):
                yield entry
