"""The manifest of a batch: the status of every video as JSON lines, of which the last one of a video counts.

    {"video": "cam1/0007", "input": "/data/cam1/0007.mp4", "state": {…}, "settings": "9f1c…",
     "status": "started" | "done" | "failed", "attempts": 1,
     "frames": 230, "people": 2, "seconds": 7.9, "files": {"cam1/0007_poses.json": 81234},
     "written": {"0007_poses.json": "5e1f…"}, "error": ""}

``files`` are those of the last run, with their sizes; ``written`` has the SHA-256 of all that runs have written for the
video: only a file that still has it may be replaced.

A line is written in one piece and flushed to the disk, so that a kill at any moment
costs at most the line under way; a cut last line is passed over. Rewriting the whole
file for every video would take time that grows with the square of their number; it is
rewritten, without its history, when a run begins and ends.
"""

import errno
import json
import os
from pathlib import Path
from typing import Dict

from pipeline.errors import InputError
from pipeline.files import atomic_path
from pipeline.files.locks import open_own
from pipeline.reading import MAX_MANIFEST, strict_json

NAME = 'manifest.jsonl'
STATUSES = ('started', 'done', 'failed')


class Manifest:
    """The manifest of a folder; whoever writes holds the folder's lock.

    Attributes:
        records: the last record of each video, by its key.

    Raises:
        InputError: if there is a file of that name which is no manifest.
    """

    def __init__(self, folder: Path):
        self.folder, self.path = folder, folder / NAME
        self.records: Dict[str, dict] = _read(self.path) if os.path.lexists(self.path) else {}

    def add(self, record: dict) -> None:
        """Note what became of a video.

        Raises:
            InputError: if the disk is full.
        """
        self.records[record['video']] = record
        line = (json.dumps(record, allow_nan=False) + '\n').encode()
        try:
            descriptor = open_own(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            try:
                written = os.write(descriptor, line)
                if written < len(line):
                    os.ftruncate(descriptor, os.fstat(descriptor).st_size - written)
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise InputError(f'{self.path}: cannot be written ({error.strerror})') from error

    def compact(self) -> None:
        """Rewrite the file with the last record of each video."""
        with atomic_path(self.path, force=True) as temporary:
            with open(temporary, 'w', encoding='utf-8') as file:
                for record in self.records.values():
                    file.write(json.dumps(record, allow_nan=False) + '\n')
                file.flush()
                os.fsync(file.fileno())

    def written(self, key: str) -> Dict[str, str]:
        """SHA-256 by name of what runs of this folder have written for the video."""
        return dict(self.records.get(key, {}).get('written', {}))

    def is_done(self, key: str, state: dict, settings: str) -> bool:
        """Whether the video was finished from the same input with the same settings, and its files are whole."""
        record = self.records.get(key, {})
        return (
            record.get('status') == 'done'
            and record['state'] == state
            and record['settings'] == settings
            and all(_size(self.folder / name) == size for name, size in record['files'].items())
        )


def _read(path: Path) -> Dict[str, dict]:
    try:
        with open(open_own(path, os.O_RDONLY), 'rb') as file:
            if os.fstat(file.fileno()).st_size > MAX_MANIFEST:
                raise InputError(f'{path}: is larger than the {MAX_MANIFEST} bytes that are read')
            lines = file.read(MAX_MANIFEST).split(b'\n')
    except OSError as error:
        raise InputError(f'{path}: cannot be read ({error.strerror})') from error
    records = {}
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            record = strict_json(line)
        except (ValueError, RecursionError):
            record = None
        if not _is_record(record):
            if number == len(lines):  # no line end: a kill or a full disk cut it
                continue
            raise InputError(
                f'{path}: line {number} is no record of a batch; move the file away or choose another folder'
            )
        records[record['video']] = record
    return records


def _is_within(name: str) -> bool:
    """Whether ``name`` is of a file inside the folder."""
    return '\0' not in name and not Path(name).is_absolute() and '..' not in Path(name).parts


def _is_record(record) -> bool:
    return (
        isinstance(record, dict)
        and isinstance(record.get('video'), str)
        and record.get('status') in STATUSES
        and isinstance(record.get('state'), dict)
        and isinstance(record.get('settings'), str)
        and isinstance(record.get('files'), dict)
        and all(isinstance(size, int) and _is_within(name) for name, size in record['files'].items())
        and isinstance(record.get('written', {}), dict)
        and all(isinstance(digest, str) for digest in record.get('written', {}).values())
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
