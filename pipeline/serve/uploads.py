"""Take a video from the page into the folder: bounded, whole or not at all, and only if it is a video."""

from contextlib import closing
from pathlib import Path
from typing import AsyncIterator, Optional, Set

from anyio import to_thread

from pipeline.errors import InputError
from pipeline.files import atomic_path, safe_name
from pipeline.serve.folder import Folder
from pipeline.video import open_source
from pipeline.video.folders import VIDEO_SUFFIXES


class TooLarge(InputError):
    """More bytes than are taken."""


class Taken(InputError):
    """The name is taken, or something else is in the way for now."""


class Uploads:
    """Videos on their way into the folder.

    Args:
        folder: they go into.
        most: bytes of one.
    """

    def __init__(self, folder: Folder, most: int):
        self._folder, self._most = folder, most
        self._coming: Set[Path] = set()

    async def take(self, name: str, length: Optional[int], content: AsyncIterator[bytes]) -> Path:
        """Write a video; it has its name when it is complete and could be opened as a video.

        Args:
            name: of the file, as the page calls it; made safe.
            length: in bytes as announced, if it was.
            content: piece by piece. Where it raises, nothing stays.

        Raises:
            TooLarge, Taken, InputError: in one line; nothing stays then.
        """
        path = self._path(name)
        if length is not None and length > self._most:
            raise self._too_large(path)
        if path in self._coming:
            raise Taken(f'{path.name}: is being uploaded already')
        self._coming.add(path)
        try:
            if path.exists():
                raise Taken(f'{path.name}: is in the folder already; rename one of them')
            with atomic_path(path) as temporary:
                size = 0
                with open(temporary, 'wb') as file:
                    async for piece in content:
                        size += len(piece)
                        if size > self._most:
                            raise self._too_large(path)
                        await to_thread.run_sync(file.write, piece)
                if length is not None and size != length:
                    raise InputError(f'{path.name}: ended after {size} of {length} bytes')
                await to_thread.run_sync(_check_video, temporary, path.name)
        finally:
            self._coming.discard(path)
        return path

    def _path(self, name: str) -> Path:
        suffix = Path(name.replace('\\', '/')).suffix.lower()
        if suffix not in VIDEO_SUFFIXES:
            raise InputError(f'{name[-80:]!r}: is no video by its name: .mp4, .mov, .webm, .mkv, .avi … are taken')
        stem = Path(name.replace('\\', '/')).stem
        return self._folder.root / (safe_name(stem) + suffix)

    def _too_large(self, path: Path) -> TooLarge:
        return TooLarge(f'{path.name}: is larger than the {self._most / 1e9:g} GB that are taken (--max-upload)')


def _check_video(path: Path, name: str) -> None:
    """Read its first frame.

    Raises:
        InputError: if that cannot be done; it calls the file by ``name``.
    """
    try:
        with open_source(str(path)) as source, closing(iter(source)) as frames:
            if next(frames, None) is None:
                raise InputError(f'{path}: no frame could be read')
    except InputError as error:
        raise InputError(str(error).replace(str(path), name)) from error
