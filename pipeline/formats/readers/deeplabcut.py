"""DeepLabCut: tables with a column per individual, body part and coordinate, as CSV or pandas' HDF5.

pandas writes the columns' names into HDF5 pickled. They are read by an unpickler that knows lists, tuples and texts
only: a file can run nothing.
"""

import csv
import io
import pickle
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np

from pipeline.errors import InputError
from pipeline.formats.found_poses import FoundPoses, Gatherer, Given
from pipeline.formats.readers.openpose import frame_number

Column = Tuple[str, ...]  # of a level each, without the scorer


def fits(text: str) -> bool:
    """Whether a CSV begins with DeepLabCut's header."""
    return text[:200].lower().startswith('scorer,')


def read(path: Path, text: str, given: Given) -> FoundPoses:
    """A CSV, of one animal or several."""
    rows = list(csv.reader(io.StringIO(text)))
    depth = next(k for k, row in enumerate(rows) if row and row[0] == 'coords') + 1
    # rows of labels by hand have three columns of path in front
    begin = next(k for k, cell in enumerate(rows[0][1:], 1) if cell)
    columns = list(zip(*(row[begin:] for row in rows[1:depth])))
    body = [row for row in rows[depth:] if row]
    values = np.array([[float(cell) if cell else np.nan for cell in row[begin:]] for row in body], np.float64)
    indices = [_index(row[:begin], position) for position, row in enumerate(body)]
    return _poses(path, columns, values, indices, given)


def read_h5(path: Path, group: Any, given: Given) -> FoundPoses:
    """A table of pandas in an HDF5 file, in either of pandas' forms."""
    if 'table' in group:
        table = group['table']
        names = _plain(table.attrs['values_block_0_kind'])
        values, indices = table['values_block_0'], table['index']
    else:
        levels = int(group.attrs['axis0_nlevels'])
        texts = [[text.decode() for text in group[f'axis0_level{n}'][:]] for n in range(levels)]
        names = list(zip(*([texts[n][k] for k in group[f'axis0_label{n}'][:]] for n in range(levels))))
        values, indices = group['block0_values'][:], group['axis1'][:] if 'axis1' in group else None
    values = np.asarray(values, np.float64)
    if indices is None or np.asarray(indices).dtype.kind not in 'iu':
        indices = range(len(values))
    return _poses(path, [tuple(map(str, name))[1:] for name in names], values, [int(i) for i in indices], given)


def _poses(path: Path, columns: Sequence[Column], values: np.ndarray, indices: List[int], given: Given) -> FoundPoses:
    if not columns or values.ndim != 2 or values.shape[1] != len(columns):
        raise InputError(f'{path}: {len(columns)} columns are named, rows have {values.shape[-1]} values')
    place: Dict[Tuple[str, str, str], int] = {}
    for k, levels in enumerate(columns):
        individual, part, axis = levels if len(levels) == 3 else ('', *levels)
        place[individual, part, axis] = k
    individuals = list(dict.fromkeys(key[0] for key in place))
    parts = list(dict.fromkeys(key[1] for key in place))
    gathered = Gatherer(path, 'DeepLabCut', parts, given)
    absent = np.full(len(values), np.nan)

    def column(individual: str, part: str, axis: str) -> np.ndarray:
        return values[:, place[individual, part, axis]] if (individual, part, axis) in place else absent

    scored = any(key[2] == 'likelihood' for key in place)
    for n, individual in enumerate(individuals):
        points = np.stack([np.stack([column(individual, p, axis) for axis in 'xy'], -1) for p in parts], 1)
        scores = np.stack([column(individual, p, 'likelihood') for p in parts], 1) if scored else None
        for row, index in enumerate(indices):
            gathered.frame(index)
            sure = None if scores is None else scores[row]
            gathered.person(index, points[row], sure, track_id=n)
    return gathered.poses()


def _index(cells: List[str], position: int) -> int:
    """A frame's number, or that of a labelled picture."""
    text = cells[-1]
    if text.lstrip('-').isdigit():
        return int(text)
    number = frame_number(Path(text).stem)
    return number if number >= 0 else position


class _Plain(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f'{module}.{name} is no name of a column')


def _plain(content: bytes) -> Any:
    return _Plain(io.BytesIO(bytes(content))).load()
