"""Read poses that another tool found. The layout is told by the content, never by the file's name.

    found = read_found('poses.json')
    found.skeleton.names, found.people[12].keypoints

One module a layout or family of layouts, which all make :class:`pipeline.formats.found_poses.FoundPoses`.
"""

import csv
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Union

from pipeline.errors import InputError
from pipeline.formats.found_poses import FoundPoses, Given
from pipeline.formats.npz import BROKEN
from pipeline.formats.readers import arrays, c3d, folders, hdf5, json_layouts, tables, trc
from pipeline.reading import MAX_JSON, open_plain, read_bounded, read_json

#: Layouts that are told apart, for messages and ``--help``.
KNOWN = (
    'our own (JSON, CSV, Parquet, npz), MMPose, COCO results and annotations, PoseTrack18, OpenPose (a folder of '
    'frames), AlphaPose, Ultralytics (JSON, a folder of labels), MediaPipe (JSON, CSV), DeepLabCut (CSV, H5), '
    'SLEAP (.slp, analysis H5), movement (netCDF), NWB, Label Studio, TRC and C3D in px'
)


def read_found(path: Union[str, Path], given: Given = Given()) -> FoundPoses:  # noqa: B008, it is frozen
    """Read a file, or a folder of files with one frame each.

    Args:
        given: what is known of the video, for layouts that leave it open.

    Raises:
        InputError: if the layout is not known, the file is damaged, or it leaves open what is not given.
    """
    path = Path(path)
    try:
        if path.is_dir():
            return _found(path, folders.read(path, given))
        with open_plain(path) as file:
            head = file.read(4096)
    except OSError as error:
        raise InputError(f'{path}: cannot be read ({error.strerror})') from error
    with _readable(path):
        if head.startswith(b'\x89HDF\r\n\x1a\n'):
            return _found(path, hdf5.read(path, given))
        if head.startswith(b'PK\x03\x04'):
            return _found(path, arrays.read(path, given))
        if head.startswith(b'PAR1'):
            return _found(path, tables.read_parquet(path, given))
        if head.lstrip(b'\xef\xbb\xbf \t\r\n')[:1] in (b'{', b'['):
            return _found(path, json_layouts.read(path, read_json(path), given))
        if c3d.fits(head):
            return c3d.read(path, given)
        if b'\0' in head:
            raise _unknown(path)
        text = read_bounded(path, MAX_JSON).decode('utf-8-sig', 'replace')
        if trc.fits(text):
            return trc.read(path, text, given)
        return _found(path, tables.read_text(path, text, given))


def _found(path: Path, poses) -> FoundPoses:
    if poses is None:
        raise _unknown(path)
    return poses


def _unknown(path: Path) -> InputError:
    return InputError(f'{path}: not a layout of poses that is known; these are: {KNOWN}')


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """What a damaged or unusual file makes readers stumble over becomes one line."""
    try:
        yield
    except InputError:
        raise
    except (*BROKEN, AttributeError, IndexError, StopIteration, ArithmeticError, ImportError, csv.Error) as error:
        reason = ' '.join(str(error).split())[:120] or type(error).__name__
        raise InputError(f'{path}: cannot be read as poses ({type(error).__name__}: {reason})') from error
