"""Tables of pose files, kept in a form that opens at once.

Reading ten minutes of JSON takes seconds; the same as plain arrays takes a few hundredths. The copy lies beside the
poses as ``.NAME_table.npz``, holds no pickles, and counts only while the JSON has the size and time that it had.
"""

import json
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, Dict

import numpy as np

from pipeline.corrections import Table
from pipeline.errors import InputError
from pipeline.files import atomic_path
from pipeline.formats import read_poses_json
from pipeline.formats.npz import open_npz
from pipeline.skeletons import Skeleton
from pipeline.types import VideoInfo

_VERSION = 1
_ARRAYS = (
    'frames',
    'times',
    'position',
    'bboxes',
    'bbox_scores',
    'keypoints',
    'keypoint_scores',
    'track_ids',
    'keypoints_raw',
    'filled',
)


def load_table(poses: Path) -> Table:
    """The table of a pose file, from its copy if there is one, else from itself; the copy is then made.

    Raises:
        InputError: if it cannot be read, or holds no tracks.
    """
    with suppress(InputError):
        return _read(poses)
    try:
        table = Table.of(read_poses_json(poses))
    except InputError as error:
        said = str(error)
        raise InputError(said if said.startswith(str(poses)) else f'{poses.name}: {said}') from error
    if (table.track_ids < 1).any():
        raise InputError(f'{poses.name}: has people without an id, and so no tracks')
    with suppress(InputError, OSError):  # a full disk or a folder that may not be written to costs time only
        _write(poses, table)
    return table


def _copy_of(poses: Path) -> Path:
    return poses.with_name(f'.{poses.name.removesuffix("_poses.json")}_table.npz')


def _key(poses: Path) -> np.ndarray:
    state = poses.stat()
    return np.array([_VERSION, state.st_size, state.st_mtime_ns], np.int64)


def _write(poses: Path, table: Table) -> None:
    skeleton, video = table.skeleton, table.video
    about: Dict[str, Any] = dict(
        skeleton=[skeleton.name, skeleton.names, skeleton.links, skeleton.flip_indices, skeleton.sides],
        video=video and [video.name, video.width, video.height, str(video.fps), video.num_frames, video.start],
        run=table.run,
    )
    arrays = {name: getattr(table, name) for name in _ARRAYS}
    if table.keypoint_sigmas is not None:
        arrays['keypoint_sigmas'] = table.keypoint_sigmas
    text = np.frombuffer(json.dumps(about).encode(), np.uint8)
    with atomic_path(_copy_of(poses), force=True) as temporary, open(temporary, 'wb') as file:
        np.savez(file, key=_key(poses), about=text, sigmas=skeleton.sigmas, **arrays)


def _read(poses: Path) -> Table:
    with open_npz(_copy_of(poses), 'a copy of poses') as arrays:
        if not np.array_equal(arrays['key'], _key(poses)):
            raise ValueError('an old copy')
        about = json.loads(arrays['about'].tobytes())
        name, names, links, flips, sides = about['skeleton']
        skeleton = Skeleton(name, tuple(names), tuple(map(tuple, links)), tuple(flips), arrays['sigmas'], tuple(sides))
        video = None
        if about['video']:
            called, width, height, fps, count, start = about['video']
            video = VideoInfo(called, width, height, Fraction(fps), num_frames=count, start=start)
        sigmas = arrays['keypoint_sigmas'] if 'keypoint_sigmas' in arrays else None
        columns = {name: arrays[name] for name in _ARRAYS}
        return Table(skeleton, **columns, keypoint_sigmas=sigmas, video=video, run=about['run'])
