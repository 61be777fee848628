"""Folders with a file a frame: OpenPose's JSON, and the labels that Ultralytics' ``save_txt`` writes."""

from pathlib import Path
from typing import Dict, List, Optional, Tuple

import numpy as np

from pipeline.errors import InputError
from pipeline.formats.found_poses import FoundPoses, Gatherer, Given
from pipeline.formats.joint_names import names_by_count
from pipeline.formats.readers import openpose
from pipeline.reading import read_bounded, read_json

_MOST = 64 << 20  # bytes of a frame's file


def read(folder: Path, given: Given) -> Optional[FoundPoses]:
    """The poses in a folder; None if its files are of no layout that is known.

    Raises:
        InputError: for a frame that cannot be read, two frames of one number, or a frame without.
    """
    paths = sorted(path for path in folder.iterdir() if path.suffix in ('.json', '.txt') and path.is_file())
    frames = [path for path in paths if path.suffix == '.json']
    if frames and openpose.fits(read_json(frames[0])):
        # beside the frames may lie what a tool notes of its run
        documents = [(path, read_json(path)) for path in frames]
        named = [(path, document) for path, document in documents if openpose.fits(document)]
        return openpose.read_frames(folder, list(zip(_numbered([p for p, _ in named]), (d for _, d in named))), given)
    labels = [path for path in paths if path.suffix == '.txt']
    if labels:
        tables = [_rows(path) for path in labels]
        rows = [(path, table) for path, table in zip(labels, tables) if table is not None]
        if len(rows) == len(labels) and any(len(table) for _, table in rows):
            return _labels(folder, rows, given)
    return None


def _numbered(paths: List[Path]) -> List[int]:
    numbers = [openpose.frame_number(path.stem) for path in paths]
    unnumbered = next((path for path, number in zip(paths, numbers) if number < 0), None)
    if unnumbered is not None:
        raise InputError(f'{unnumbered}: has no number in its name that tells the frame')
    seen: Dict[int, Path] = {}
    for path, number in zip(paths, numbers):
        if number in seen:
            raise InputError(f'{path}: frame {number} is in {seen[number].name}, too; a folder holds one video')
        seen[number] = path
    return numbers


def _rows(path: Path) -> Optional[np.ndarray]:
    """The numbers of a label file; None if there is anything else in it."""
    try:
        lines = [line.split() for line in read_bounded(path, _MOST).decode().splitlines() if line.strip()]
        return np.array(lines, np.float64).reshape(len(lines), -1)
    except ValueError:
        return None


def _labels(folder: Path, rows: List[Tuple[Path, np.ndarray]], given: Given) -> FoundPoses:
    """Lines of class, box (centre and size), x, y, score of 17 joints, and perhaps confidence and track id."""
    width = max(table.shape[1] for _, table in rows)
    each = next((n for n in (3, 2) if width - 5 in (17 * n, 17 * n + 1, 17 * n + 2)), None)
    if each is None:
        raise InputError(f'{folder}: labels of {width} numbers: 17 joints have 56 to 58, or 39 to 41 without scores')
    gathered = Gatherer(folder, 'Ultralytics labels', names_by_count(17), given, shares=True)
    numbers = _numbered([path for path, _ in rows])
    first = 1 if min(numbers) >= 1 else 0  # Ultralytics counts the frames of a video from 1
    for number, (_, table) in zip(numbers, rows):
        gathered.frame(number - first)
        for row in table:
            x, y, w, h = row[1:5]
            points = row[5 : 5 + 17 * each].reshape(17, each)
            missing = (points[:, :2] == 0).all(axis=1)
            scores = np.where(missing, 0, points[:, 2] if each == 3 else 1)
            rest = row[5 + 17 * each :]
            gathered.person(
                number - first,
                points[:, :2],
                scores,
                (x - w / 2, y - h / 2, x + w / 2, y + h / 2),
                rest[0] if len(rest) else None,
                int(rest[1]) if len(rest) > 1 else -1,
            )
    return gathered.poses()
