"""Results for the page: poses with their corrections, as one block of bytes; corrections from the page.

    4 bytes   length of the header, little endian
    header    JSON: what is there, and of each array its name, type, shape and place
    arrays    little endian, each beginning at a multiple of 8 bytes behind the header

One row is one person in one frame, as in :class:`pipeline.corrections.Table`. Confidence is in steps of 1/255.
"""

import hashlib
import json
import threading
import time
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from pipeline.corrections import (
    Correction,
    Table,
    read_corrections,
    refined_around,
    to_json,
    write_corrections,
)
from pipeline.corrections.anew import Memory, refiner_of
from pipeline.corrections.file import entries_from_json
from pipeline.errors import InputError
from pipeline.refine import StreamRefiner
from pipeline.render.palette import css, person_colours
from pipeline.serve.browsers import plays
from pipeline.serve.cache import load_table
from pipeline.serve.folder import Folder
from pipeline.serve.uploads import Taken

_KEPT = 3  # results in memory
_PIECES = 2000  # refined pieces of tracks that are remembered of each
_AFTER_DRAWING = 1.0  # seconds


@dataclass
class _Opened:
    modified: int
    table: Table
    refiner: 'Future[StreamRefiner]'
    memory: Memory = field(default_factory=dict)
    corrected: Optional[Table] = None
    revision: str = ''  # of ``corrected``


class Results:
    """The results of a folder, as the page sees and corrects them; safe to call from several threads."""

    def __init__(self, folder: Folder):
        self._folder = folder
        self._opened: OrderedDict[Path, _Opened] = OrderedDict()
        self._lock, self._loader = threading.Lock(), ThreadPoolExecutor(1)

    def content(self, stem: str) -> bytes:
        """A result with its corrections.

        Corrections that do not fit these poses are left alone: the result is shown without them, and says why.

        Raises:
            InputError: if there is no such result, or it cannot be read.
        """
        with self._lock:
            poses = self._folder.poses(stem)
            opened = self._open(poses)
            note, entries = '', []
            try:
                entries = self._entries(stem)
                table = self._corrected(opened, entries, stem)
            except InputError as error:
                note, entries, table = str(error), [], opened.table
            return self._packed(stem, table, entries, note)

    def correct(self, stem: str, base: str, entries: Any) -> bytes:
        """Replace the corrections of a result.

        Args:
            base: revision of the corrections that they were made from.
            entries: all of them, as JSON values.

        Raises:
            Taken: if somebody else has changed them meanwhile.
            InputError: if one does not fit; nothing is written then.
        """
        with self._lock:
            poses = self._folder.poses(stem)
            if revision_of(self._entries(stem)) != base:
                raise Taken('the corrections were changed in another tab meanwhile: here is what it says now')
            corrections = entries_from_json(entries, 'corrections')
            table = self._corrected(self._open(poses), corrections, stem)
            write_corrections(self._folder.corrections(stem), corrections, poses, force=True)
            return self._packed(stem, table, corrections, '')

    def _open(self, poses: Path) -> _Opened:
        modified, opened = poses.stat().st_mtime_ns, self._opened.pop(poses, None)
        if opened is None or opened.modified != modified:
            table = load_table(poses)
            opened = _Opened(modified, table, self._loader.submit(_refiner_soon, table))
        self._opened[poses] = opened
        while len(self._opened) > _KEPT:
            self._opened.popitem(last=False)
        return opened

    def _entries(self, stem: str) -> List[Correction]:
        path = self._folder.corrections(stem)
        return read_corrections(path, self._folder.poses(stem)) if path.exists() else []

    def _corrected(self, opened: _Opened, entries: Sequence[Correction], stem: str) -> Table:
        revision = revision_of(entries)
        if opened.corrected is None or opened.revision != revision:
            refiner = opened.refiner.result() if entries else None
            if len(opened.memory) > _PIECES:
                opened.memory.clear()
            opened.corrected = refined_around(opened.table, entries, refiner, memory=opened.memory)
            opened.revision = revision
        return opened.corrected

    def _packed(self, stem: str, table: Table, entries: Sequence[Correction], note: str) -> bytes:
        source, overlay = self._folder.source_of(stem), self._folder.overlay(stem)
        shown: Dict[str, Any] = dict(kind=None)
        if source is not None and (plays(source) or overlay is None):
            shown = dict(kind='video', name=source.name, offset=0.0)
        elif overlay is not None:
            shown = dict(kind='overlay', name=stem, offset=table.video.start if table.video else 0.0)
        head = dict(
            stem=stem,
            source=source and source.name,
            shown=shown,
            note=note,
            revision=revision_of(entries),
            corrections=[to_json(entry) for entry in entries],
        )
        return packed(table, head)


def _refiner_soon(table: Table) -> StreamRefiner:
    """The table's refiner. A network takes seconds to load: it begins when the page has been drawn, and not before."""
    time.sleep(_AFTER_DRAWING)
    return refiner_of(table)


def revision_of(entries: Sequence[Correction]) -> str:
    """A short digest that tells one list of corrections from another."""
    return hashlib.sha256(json.dumps([to_json(entry) for entry in entries]).encode()).hexdigest()[:16]


def packed(table: Table, head: Dict[str, Any]) -> bytes:
    """A table for the page; ``head`` is put into its header."""
    skeleton = table.skeleton
    with np.errstate(invalid='ignore'):
        scores = np.nan_to_num(np.clip(table.keypoint_scores, 0, 1) * 255).astype(np.uint8)
    arrays = dict(
        times=table.times.astype('<f8'),
        frames=table.frames.astype('<i4'),
        position=table.position.astype('<i4'),
        ids=table.track_ids.astype('<f8'),
        filled=table.filled.astype(np.uint8),
        keypoints=table.keypoints.astype('<f4'),
        scores=scores,
        boxes=table.bboxes.astype('<f4'),
    )
    places, blocks, at = [], [], 0
    for name, array in arrays.items():
        content = np.ascontiguousarray(array).tobytes()
        places.append(dict(name=name, type=array.dtype.str[1:], shape=array.shape, at=at))
        content += b'\0' * (-len(content) % 8)
        blocks.append(content)
        at += len(content)
    header = dict(
        head,
        width=table.size[0],
        height=table.size[1],
        fps=float(table.video.fps) if table.video else 1 / table.step,
        joints=[dict(name=name, side=side) for name, side in zip(skeleton.names, skeleton.sides)],
        links=[list(link) for link in skeleton.links],
        tracks=[dict(id=int(i), **_colours(int(i))) for i in np.unique(table.track_ids)],
        arrays=places,
    )
    text = json.dumps(header, allow_nan=False).encode()
    text += b' ' * (-(len(text) + 4) % 8)
    return b''.join([len(text).to_bytes(4, 'little'), text, *blocks])


def _colours(track_id: int) -> Dict[str, str]:
    colours = person_colours(track_id)
    return dict(colour=css(colours.middle), left=css(colours.left), right=css(colours.right))
