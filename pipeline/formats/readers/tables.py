"""Tables: our CSV and Parquet, other CSV with a row per joint, and MediaPipe's landmarks in columns.

A row per joint needs the columns ``frame``, ``joint`` (or ``name``, ``landmark``, ``bodypart``, ``keypoint``), ``x``,
``y``; it may have ``score`` (``visibility``, ``confidence``, ``likelihood``), ``track_id`` (``person``, ``id``) and
``time``. Of our own files the joints before the refiner are taken (``x_raw``, ``y_raw``), and rows that it filled in
are left out.

Landmarks in columns have one row per frame: ``NAME_x``, ``NAME_y``, ``NAME_visibility``, or ``x0 … x32`` (also from 1),
``y0``, ``v0``, or ``x``, ``y``, ``visibility`` behind the name (``nose.x``, ``NOSE x``).
"""

import csv
import io
import re
from pathlib import Path
from typing import Dict, List, Optional, Sequence

import numpy as np

from pipeline.formats.found_poses import FoundPoses, Gatherer, Given
from pipeline.formats.joint_names import joint_names
from pipeline.formats.optional import require
from pipeline.formats.readers import deeplabcut
from pipeline.formats.readers.mediapipe import COUNT, are_shares
from pipeline.skeletons import load_skeleton

_ALIASES = {
    'frame': ('frame', 'frame_id', 'frame_index', 'frame_idx', 'frame_number'),
    'joint': ('joint', 'landmark', 'landmark_name', 'name', 'bodypart', 'keypoint', 'landmark_id'),
    'score': ('score', 'visibility', 'confidence', 'likelihood'),
    'id': ('track_id', 'person', 'person_id', 'id', 'individual'),
    'time': ('time', 'timestamp', 'seconds'),
}
_AXIS = re.compile(r'(.+?)[ _.\-]*(x|y|z|v|visibility|score|confidence|likelihood|presence)', re.I)
_NUMBERED = re.compile(r'(x|y|z|v|visibility)_?(\d+)', re.I)


def read_text(path: Path, text: str, given: Given) -> Optional[FoundPoses]:
    """The poses of a CSV; None if no layout fits."""
    if deeplabcut.fits(text):
        return deeplabcut.read(path, text, given)
    rows = list(csv.reader(io.StringIO(text)))
    if not rows or len(rows[0]) < 4:
        return None
    head = [cell.strip() for cell in rows[0]]
    body = [row for row in rows[1:] if len(row) == len(head)]
    return _read(path, {name: [row[k] for row in body] for k, name in enumerate(head)}, given)


def read_parquet(path: Path, given: Given) -> Optional[FoundPoses]:
    """Parquet with the same columns."""
    require(('pyarrow',), f'{path} (Parquet)')
    from pyarrow import parquet

    table = parquet.read_table(path)
    return _read(path, {name: table[name].to_pylist() for name in table.column_names}, given)


def _read(path: Path, columns: Dict[str, Sequence], given: Given) -> Optional[FoundPoses]:
    lower = {name.lower(): name for name in columns}
    named = {
        what: next((columns[lower[alias]] for alias in aliases if alias in lower), None)
        for what, aliases in _ALIASES.items()
    }
    if named['frame'] is not None and named['joint'] is not None and {'x', 'y'} <= set(lower):
        return _long(path, columns, lower, named, given)
    return _wide(path, columns, named, given)


def _long(path: Path, columns, lower: Dict[str, str], named, given: Given) -> FoundPoses:
    raw = {'x_raw', 'y_raw'} <= set(lower)
    x, y = (_numbers(columns[lower[f'{axis}_raw' if raw else axis]]) for axis in 'xy')
    points = np.stack([x, y], axis=1)
    scores = None if named['score'] is None else _numbers(named['score'])
    joints = [str(joint).lstrip("'") if raw else str(joint) for joint in named['joint']]
    names = list(dict.fromkeys(joints))
    if all(name.isdigit() for name in names) and len(names) == COUNT:
        names = list(load_skeleton('blazepose33').names)
        joints = [names[int(joint)] for joint in joints]
    place = {name: k for k, name in enumerate(names)}
    ids = _identities(named['id'], len(joints))
    filled = [str(value) in ('1', 'True') for value in columns[lower['filled']]] if 'filled' in lower else None
    times = None if named['time'] is None else _numbers(named['time'])
    shares = are_shares(points)
    mediapipe = set(joint_names(names)) == set(load_skeleton('blazepose33').names) and not raw
    gathered = Gatherer(path, 'MediaPipe' if mediapipe else 'CSV', names, given, shares)
    people: Dict[tuple, list] = {}
    for row, frame in enumerate(named['frame']):
        index = int(float(frame))
        gathered.frame(index, None if times is None else times[row])
        people.setdefault((index, ids[row]), []).append(row)
    for (index, identity), rows in people.items():
        pose = np.full((len(names), 2), np.nan)
        sure = np.zeros(len(names))
        where = [place[joints[row]] for row in rows]
        pose[where] = points[rows]
        sure[where] = 1 if scores is None else scores[rows]
        gathered.person(index, pose, sure, track_id=identity, filled=filled is not None and filled[rows[0]])
    return gathered.poses()


def _wide(path: Path, columns, named, given: Given) -> Optional[FoundPoses]:
    blaze = load_skeleton('blazepose33').names
    found: Dict[str, Dict[str, Sequence]] = {}
    for name, values in columns.items():
        numbered, axis = _NUMBERED.fullmatch(name.strip()), _AXIS.fullmatch(name.strip())
        if numbered:
            found.setdefault(numbered[2], {})[numbered[1][0].lower()] = values
        elif axis:
            found.setdefault(axis[1], {})[axis[2][0].lower()] = values
    found = {name: axes for name, axes in found.items() if {'x', 'y'} <= set(axes)}
    if not found:
        return None
    names: List[str] = list(found)
    layout = 'CSV'
    if all(name.isdigit() for name in names):
        if len(names) != COUNT:
            return None
        names = sorted(names, key=int)
        found, names = {blaze[k]: found[name] for k, name in enumerate(names)}, list(blaze)
    if set(joint_names(names)) >= set(blaze):
        layout = 'MediaPipe'
    points = np.stack([np.stack([_numbers(found[name][axis]) for axis in 'xy'], -1) for name in names], 1)
    scored = next((key for key in 'vscl' if key in found[names[0]]), None)
    scores = None if scored is None else np.stack([_numbers(found[name][scored]) for name in names], 1)
    shares = are_shares(points.reshape(-1, 2))
    if layout == 'MediaPipe' and not shares:
        points = points - 0.5  # MediaPipe's (0, 0) is the picture's corner
    ids = _identities(named['id'], len(points))
    times = None if named['time'] is None else _numbers(named['time'])
    gathered = Gatherer(path, layout, names, given, shares)
    for row, pose in enumerate(points):
        index = row if named['frame'] is None else int(float(named['frame'][row]))
        sure = None if scores is None else scores[row]
        time = None if times is None else times[row]
        gathered.person(index, pose, sure, track_id=ids[row], time=time)
    return gathered.poses()


def _numbers(values: Sequence) -> np.ndarray:
    return np.array([np.nan if value in (None, '') else float(value) for value in values], np.float64)


def _identities(values: Optional[Sequence], count: int) -> List[int]:
    """Whole numbers as they are; names in the order in which they come."""
    if values is None:
        return [-1] * count
    texts = [str(value) for value in values]
    if all(text.lstrip('-').isdigit() for text in texts):
        return [int(text) for text in texts]
    order = {text: k for k, text in enumerate(dict.fromkeys(texts))}
    return [order[text] for text in texts]
