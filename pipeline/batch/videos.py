"""The inputs of a batch: resolve them to videos, name their outputs, detect changes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List, Sequence

from pipeline.addresses import is_url, shown, without_secrets
from pipeline.errors import InputError
from pipeline.files import safe_name
from pipeline.video.folders import look_into
from pipeline.video.image_sequence import images_by_pattern, images_in_folder
from pipeline.video.open_source import is_camera, is_pattern, source_name
from pipeline.video.paths import local_path


@dataclass(frozen=True)
class Video:
    """One input.

    Attributes:
        spec: what :func:`pipeline.video.open_source` is given.
        name: stem of its output files, a safe one.
        folder: where in the batch's folder they go; relative, of safe names.
    """

    spec: str
    name: str
    folder: str = ''

    @property
    def key(self) -> str:
        """What the manifest calls it; no two videos of a batch share it."""
        return f'{self.folder}/{self.name}' if self.folder else self.name

    def state(self) -> dict:
        """What changes when the input does: sizes and times of its files; a stream has only its address.

        Raises:
            InputError: if it is not there.
        """
        if is_url(self.spec):
            return dict(url=without_secrets(self.spec))
        path = local_path(self.spec)
        if path.is_file():
            paths = [path]
        else:
            paths = images_in_folder(path) if path.is_dir() else _matching(self.spec)
        states = [path.stat() for path in paths]
        return dict(files=len(paths), bytes=sum(s.st_size for s in states), modified=max(s.st_mtime_ns for s in states))


def find_videos(specs: Sequence[str]) -> List[Video]:
    """The videos that ``specs`` mean, each once.

    A folder stands for all video files below it, whose outputs keep their subfolders. Its images are
    one video if there are no others, or if they are numbered; else they are passed over, and that is said.

    Raises:
        InputError: if a folder holds neither, an input is a camera, or two inputs
            would write the same files.
    """
    found: Dict[str, Video] = {}
    for spec in map(str, specs):
        for video in _videos(spec):
            other = found.setdefault(video.key, video)
            if Path(other.spec).resolve() != Path(video.spec).resolve():
                raise InputError(
                    f'{other.spec} and {video.spec} would both write {video.key}_…; run them into different folders'
                )
    return list(found.values())


def _videos(spec: str) -> Iterator[Video]:
    if is_camera(spec):
        raise InputError(f'{shown(spec)}: a camera has no end; use smooth-poses (tools/demo.py)')
    path = local_path(spec)
    if is_url(spec) or not path.is_dir():
        yield Video(spec, safe_name(source_name(spec)))
        return
    contents = look_into(path, below=True)
    if contents.is_sequence:
        yield Video(spec, safe_name(source_name(spec)))
    elif not contents.videos:
        raise InputError(f'{spec}: holds neither images nor videos')
    for file in contents.videos:
        folder = '/'.join(map(safe_name, file.parent.relative_to(path).parts))
        yield Video(str(file), safe_name(source_name(str(file))), folder)


def _matching(spec: str) -> List[Path]:
    if not is_pattern(spec):
        raise InputError(f'{spec}: no such file or folder')
    return images_by_pattern(spec)
