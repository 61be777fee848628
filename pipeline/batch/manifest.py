"""The manifest of a batch: the status of every video as JSON lines, of which the last one of a video counts.

    {"video": "cam1/0007", "input": "/data/cam1/0007.mp4", "state": {…}, "settings": "9f1c…",
     "status": "started" | "done" | "failed", "ours": true, "attempts": 1,
     "frames": 230, "people": 2, "seconds": 7.9, "files": {"cam1/0007_poses.json": 81234}, "error": ""}

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
from pipeline.reading import MAX_MANIFEST, read_bounded, strict_json

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
        self.records: Dict[str, dict] = _read(self.path) if self.path.exists() else {}

    def add(self, record: dict) -> None:
        """Note what became of a video.

        Raises:
            InputError: if the disk is full.
        """
        self.records[record['video']] = record
        line = (json.dumps(record, allow_nan=False) + '\n').encode()
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
            try:
                written = os.write(descriptor, line)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise InputError(f'{self.path}: cannot be written ({error.strerror})') from error
        if written < len(line):
            raise InputError(f'{self.path}: {os.strerror(errno.ENOSPC)}')

    def compact(self) -> None:
        """Rewrite the file with the last record of each video."""
        for passing in self.folder.glob(f'.{self.path.stem}-????????.part{self.path.suffix}'):  # a kill was here
            passing.unlink(missing_ok=True)
        with atomic_path(self.path, force=True) as temporary:
            with open(temporary, 'w', encoding='utf-8') as file:
                for record in self.records.values():
                    file.write(json.dumps(record, allow_nan=False) + '\n')
                file.flush()
                os.fsync(file.fileno())

    def is_ours(self, key: str) -> bool:
        """Whether a run of this folder has begun with the video: what there is of it may be replaced."""
        return self.records.get(key, {}).get('ours', False)

    def was_cut_off(self, key: str) -> bool:
        """Whether an earlier run ended while it was at the video."""
        return self.records.get(key, {}).get('status') == 'started'

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
    lines = read_bounded(path, MAX_MANIFEST, text=False).split(b'\n')
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
        and isinstance(record.get('ours'), bool)
        and record.get('status') in STATUSES
        and isinstance(record.get('state'), dict)
        and isinstance(record.get('settings'), str)
        and isinstance(record.get('files'), dict)
        and all(isinstance(size, int) and _is_within(name) for name, size in record['files'].items())
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
