"""The one folder that is served: its videos, its results, and the names by which a page may ask for them."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

from pipeline.corrections import corrections_beside
from pipeline.errors import InputError
from pipeline.files import is_clutter, safe_name
from pipeline.video.folders import VIDEO_SUFFIXES

#: what corrected files have behind the name of the result
CORRECTED = '_corrected'
_POSES = '_poses.json'


@dataclass(frozen=True)
class Folder:
    """A folder of videos, and within it the folder of results.

    A page names files by one component: a video by its file name, a result by the stem of its poses. What is no such
    name, is hidden, or lies elsewhere once links are followed, is not there.

    Args:
        root: of the videos, resolved.
        out: of the results, resolved; ``root`` or a folder in it.
    """

    root: Path
    out: Path

    @classmethod
    def open(cls, root: Path, out: Path = Path('output')) -> 'Folder':
        """The folder ``root``; ``out`` is relative to it and made if need be.

        Raises:
            InputError: if ``root`` is no folder, or ``out`` is none or lies outside of it.
        """
        try:
            root = root.resolve(strict=True)
            if not root.is_dir():
                raise InputError(f'{root}: is no folder')
            out = (root / out).resolve()
            if not out.is_relative_to(root):
                raise InputError(f'{out}: lies outside of {root}, which is all that is served')
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f'{error.filename or root}: cannot be used as a folder ({error.strerror})') from error
        if not os.access(out, os.W_OK):
            raise InputError(f'{out}: is not writable')
        return cls(root, out)

    def video(self, name: str) -> Path:
        """The video called ``name``.

        Raises:
            InputError: if there is none.
        """
        path = self._inside(self.root, name)
        if path is None or path.suffix.lower() not in VIDEO_SUFFIXES:
            raise InputError(f'{name[:80]!r}: no such video in this folder')
        return path

    def poses(self, stem: str) -> Path:
        """The pose file of the result ``stem``.

        Raises:
            InputError: if there is none.
        """
        path = self._inside(self.out, stem + _POSES)
        if path is None:
            raise InputError(f'{stem[:80]!r}: no such result in this folder')
        return path

    def overlay(self, stem: str) -> Optional[Path]:
        """The video of the result ``stem`` with its poses drawn, if there is one."""
        return self._inside(self.out, f'{stem}_overlay.mp4')

    def corrections(self, stem: str) -> Path:
        """Where the corrections of a result are kept."""
        return corrections_beside(self.poses(stem))

    def source_of(self, stem: str) -> Optional[Path]:
        """The video behind a result: the first whose name makes that stem."""
        return next((path for path in self._videos() if safe_name(path.stem) == stem), None)

    def listing(self) -> List[Dict[str, Any]]:
        """The videos by name, each with its result, and results whose video is gone.

        Returns:
            ``video`` (or None), ``result`` (or None) and ``stem`` of each.
        """
        results = set(self._results())
        results -= {f'{stem}{CORRECTED}' for stem in results}  # what was written of a result is none to correct
        rows: List[Dict[str, Any]] = []
        for path in self._videos():
            stem = safe_name(path.stem)
            rows.append(dict(video=path.name, stem=stem, result=stem if stem in results else None))
        shown = {row['stem'] for row in rows}
        return rows + [dict(video=None, stem=stem, result=stem) for stem in sorted(results - shown)]

    def _videos(self) -> Iterator[Path]:
        for path in sorted(self.root.iterdir()):
            if path.suffix.lower() in VIDEO_SUFFIXES and self._inside(self.root, path.name):
                if not (self.root == self.out and path.stem.endswith('_overlay')):
                    yield path

    def _results(self) -> Iterator[str]:
        for path in self.out.iterdir():
            if path.name.endswith(_POSES) and self._inside(self.out, path.name):
                yield path.name[: -len(_POSES)]

    def _inside(self, folder: Path, name: str) -> Optional[Path]:
        """The plain file ``name`` of ``folder``, links followed, if it lies in the folder that is served."""
        plain = name and '/' not in name and '\\' not in name and '\0' not in name
        if not plain or is_clutter(name):
            return None
        try:
            name.encode()  # other names cannot be said in JSON
            path = folder / name
            real = path.resolve(strict=True)
            return path if real.is_file() and real.is_relative_to(self.root) else None
        except (OSError, ValueError, RuntimeError):
            return None
