"""TRC in pixels: ours, and Sports2D's. One person a file.

Ours has y upwards from the lower left pixel, so that the picture's height has to be known; Sports2D turns y round the
upper edge, so that it is negative. Markers in metres are places in a room, not in a picture, and refused.
"""

from pathlib import Path

import numpy as np

from pipeline.errors import InputError
from pipeline.formats.found_poses import FoundPoses, Gatherer, Given
from pipeline.moments import simple_rate
from pipeline.reading import exact_fraction


def fits(text: str) -> bool:
    """Whether it begins as TRC does."""
    return text.startswith('PathFileType')


def read(path: Path, text: str, given: Given) -> FoundPoses:
    lines = text.splitlines()
    about = dict(zip(lines[1].split('\t'), lines[2].split('\t')))
    units = about.get('Units', '').strip().lower()
    names = [name for name in lines[3].split('\t')[2:] if name.strip()]
    rows = [line.split('\t') for line in lines[5:] if line.strip() and line.split('\t')[0].strip().isdigit()]
    values = np.full((len(rows), 3 * len(names)), np.nan)
    for values_row, row in zip(values, rows):
        cells = row[2 : 2 + 3 * len(names)]
        values_row[: len(cells)] = [float(cell) if cell.strip() else np.nan for cell in cells]
    points = values.reshape(len(rows), len(names), 3)[..., :2]
    if units not in ('px', 'pixel', 'pixels'):
        raise InputError(
            f'{path}: markers in {units or "no unit"}: must be px, places in a picture; those in a room are not refined'
        )
    upside = np.nanmax(points[..., 1], initial=-np.inf) <= 0
    if not upside and given.size is None:
        raise InputError(
            f'{path}: y is measured from the lower edge: give --size WIDTHxHEIGHT, or the video by --video'
        )
    height = 1 if upside or given.size is None else given.size[1]
    points[..., 1] = height - 1 - points[..., 1]
    gathered = Gatherer(path, 'TRC', names, given)
    for row, pose in zip(rows, points):
        gathered.person(int(row[0]), pose, time=float(row[1]), track_id=1)
    rate = exact_fraction(about['DataRate'].strip())
    return gathered.poses(simple_rate(rate) if rate > 0 else None)
