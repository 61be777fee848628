"""C3D in pixels, as we write it: one person a file, y upwards from the lower left pixel; by ezc3d.

Markers in metres are places in a room, not in a picture, and refused.
"""

from pathlib import Path

import numpy as np

from pipeline.errors import InputError
from pipeline.formats.found_poses import FoundPoses, Gatherer, Given
from pipeline.formats.optional import require
from pipeline.moments import simple_rate


def fits(head: bytes) -> bool:
    """Whether a file begins as C3D does: where the parameters are, and C3D's sign."""
    return len(head) > 2 and head[1] == 0x50 and 2 <= head[0] < 0x20


def read(path: Path, given: Given) -> FoundPoses:
    require(('ezc3d',), f'{path} (C3D)')
    import ezc3d

    file = ezc3d.c3d(str(path))
    about = file['parameters']['POINT']
    units = (about['UNITS']['value'] or ['no unit'])[0].strip().lower()
    if units not in ('px', 'pixel', 'pixels'):
        raise InputError(
            f'{path}: markers in {units}: must be px, places in a picture; those in a room are not refined'
        )
    if given.size is None:
        raise InputError(
            f'{path}: y is measured from the lower edge: give --size WIDTHxHEIGHT, or the video by --video'
        )
    points = file['data']['points'][:2].transpose(2, 1, 0)  # (T, K, 2)
    points[..., 1] = given.size[1] - 1 - points[..., 1]
    points[file['data']['meta_points']['residuals'][0].T < 0] = np.nan
    gathered = Gatherer(path, 'C3D', about['LABELS']['value'], given)
    first = int(file['header']['points']['first_frame'])
    for t, pose in enumerate(points):
        gathered.person(first + t, pose, track_id=1)
    rate = float(about['RATE']['value'][0])
    return gathered.poses(simple_rate(rate) if rate > 0 else None)
