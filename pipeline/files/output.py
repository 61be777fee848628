"""How output appears: written beside its name, put in place when it is complete, never over a file that may not go."""

import errno
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Dict, Iterator, List, Tuple, Union

from pipeline.errors import InputError, exhausted
from pipeline.files.claim import Claim, Force, passing_path, passing_pattern, remove_file
from pipeline.files.locks import Held, is_named, lock


def check_writable(path: Union[str, Path], force: Force = False) -> Path:
    """Make the parent folder of ``path`` and refuse to replace an existing file.

    Raises:
        InputError: if ``path`` exists and may not be replaced, is a folder, or
            its folder cannot be made or written to.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise InputError(f'{path}: is a folder, a file name is needed')
        if os.path.lexists(path) and not _may_replace(path, force):
            changed = ', and was changed since a run wrote it' if isinstance(force, Claim) and force.wrote(path) else ''
            raise InputError(f'{path}: exists already{changed}; choose another name or pass --force')
        path.parent.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise InputError(
            f'{path.parent}: cannot make this folder ({getattr(error, "strerror", None) or error})'
        ) from error
    if not os.access(path.parent, os.W_OK):
        raise InputError(f'{path.parent}: is not writable')
    return path


@contextmanager
def atomic_path(path: Union[str, Path], force: Force = False) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it on success, delete it on failure.

    The temporary name keeps the suffix, because encoders choose the container by it.

    Raises:
        InputError: as :func:`check_writable`, when ``path`` appears meanwhile, and when the disk is full.
    """
    outputs = Outputs(force)
    try:
        yield outputs.add(path)
        outputs.place()
    except OSError as error:
        if exhausted(error):
            raise InputError(f'{path}: {exhausted(error)}') from error
        raise
    finally:
        outputs.discard()


class Outputs:
    """Files that belong together: they appear when all are complete, or none does.

    Args:
        force: what may be replaced.
    """

    def __init__(self, force: Force = False):
        self._force = force
        self._passing: Dict[Path, Path] = {}  # by the name that is to come
        self._locked: List[int] = []

    def add(self, path: Union[str, Path], brief: bool = False) -> Path:
        """A new, empty file that will become ``path``; what killed runs have left of the same file is removed.

        Args:
            brief: it is placed soon. Others are held open, by which they are known to be in use; of these there can
                be more than a process may hold.

        Raises:
            InputError: as :func:`check_writable`, or if it cannot be made.
        """
        path = check_writable(path, self._force)
        try:
            if brief or isinstance(self._force, Claim):
                passing = self._force.passing(path) if isinstance(self._force, Claim) else passing_path(path)
                os.close(_new_file(passing))
            else:
                _remove_leftovers(path)
                passing, descriptor = _new_locked(path)
                self._locked.append(descriptor)
        except OSError as error:
            raise InputError(f'{path}: {exhausted(error) or f"cannot be written ({error.strerror})"}') from error
        self._passing[path] = passing
        return passing

    def place(self) -> List[Path]:
        """Give the files their names.

        Where a file has appeared that may not be replaced, it is kept, and ours gets the next name that is free.

        Returns:
            The files.

        Raises:
            InputError: if a file has appeared meanwhile (ours are there, under the names that it tells), or one could
                not be placed: then none is there.
        """
        new: List[Path] = []
        evaded: List[Tuple[Path, Path]] = []
        for path, passing in self._passing.items():
            try:
                placed, replaced = self._place(passing, path)
            except OSError as error:
                for other in new:
                    remove_file(other)
                raise InputError(f'{path}: {exhausted(error) or f"cannot be written ({error.strerror})"}') from error
            if not replaced:
                new.append(placed)
            if placed != path:
                evaded.append((path, placed))
        placed_all = list(self._passing)
        self.discard()
        if evaded:
            raise InputError(
                '; '.join(
                    f'{path}: has appeared while this run was at work, and is kept; what the run made is {placed}'
                    for path, placed in evaded
                )
            )
        return placed_all

    def discard(self) -> None:
        """Remove what was not placed."""
        for passing in self._passing.values():
            remove_file(passing)
        for descriptor in self._locked:
            os.close(descriptor)
        self._passing, self._locked = {}, []

    def _place(self, passing: Path, path: Path) -> Tuple[Path, bool]:
        """Where the file is then, and whether it took another one's place."""
        if os.path.lexists(path) and _may_replace(path, self._force):
            self._note(path, passing)
            os.replace(passing, path)
            return path, True
        for name in _names(path):
            self._note(name, passing)
            with suppress(FileExistsError):
                _place_new(passing, name)
                return name, False
            if self._force:  # it has appeared a moment ago, from another process that fills the same cache
                os.replace(passing, name)
                return name, True
        raise OSError(errno.EEXIST, 'no name is free')

    def _note(self, path: Path, passing: Path) -> None:
        if isinstance(self._force, Claim):
            self._force.finished(path, passing)


def _may_replace(path: Path, force: Force) -> bool:
    return force.may_replace(path) if isinstance(force, Claim) else force


def _place_new(passing: Path, path: Path) -> None:
    """Rename, unless the name is taken.

    Raises:
        FileExistsError: if it is.
    """
    try:
        os.link(passing, path, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError as error:
        if exhausted(error):
            raise
        # a file system without links: whoever makes the file owns the name, and it is replaced by its content
        os.close(_new_file(path))
        os.replace(passing, path)
    else:
        os.unlink(passing)


def _names(path: Path) -> Iterator[Path]:
    yield path
    for number in range(2, 100):
        yield path.with_name(f'{path.stem}-{number}{path.suffix}')


def _new_file(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)


def _new_locked(path: Path) -> Tuple[Path, int]:
    """A new passing file of ``path``, and its descriptor, whose lock tells others that it is in use."""
    while True:
        passing = passing_path(path)
        descriptor = _new_file(passing)
        with suppress(Held):
            lock(descriptor)
            if is_named(descriptor, passing):
                return passing, descriptor
        os.close(descriptor)  # somebody took it for a leftover before it was locked


def _remove_leftovers(path: Path) -> None:
    """Remove passing files of ``path`` whose process is gone: nobody holds a lock on them."""
    pattern = passing_pattern(path)
    with os.scandir(path.parent) as entries:
        found = [path.with_name(entry.name) for entry in entries if pattern.fullmatch(entry.name)]
    for passing in found:
        with suppress(OSError, Held):
            descriptor = os.open(passing, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                if lock(descriptor) and is_named(descriptor, passing):
                    remove_file(passing)
            finally:
                os.close(descriptor)
