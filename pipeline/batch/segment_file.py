"""Store the poses of a segment of a video in a file, without loss."""

from dataclasses import fields
from pathlib import Path
from typing import Dict, Iterable, Sequence

import numpy as np

from pipeline.files import atomic_path
from pipeline.formats.npz import open_npz
from pipeline.types import FrameResult, People

# looks are described by the tracker, sigmas by the refiner, and the lifter comes later, too
_COLUMNS = tuple(
    field.name for field in fields(People) if field.name not in ('looks', 'keypoint_sigmas', 'keypoints_3d')
)


def write_segment(path: Path, results: Iterable[FrameResult], num_keypoints: int) -> int:
    """Write the people of ``results`` (not the pictures); the file appears when it is complete.

    Returns:
        The number of frames.
    """
    people, indices = [People.empty(num_keypoints)], []
    for result in results:
        indices.append(result.frame.index)
        people.append(result.people)
    columns = {name: np.concatenate([getattr(p, name) for p in people]) for name in _COLUMNS}
    with atomic_path(path, force=True) as temporary:
        with open(temporary, 'wb') as file:
            np.savez(
                file,
                indices=np.array(indices, np.int64),
                counts=np.array([len(p) for p in people[1:]], np.int64),
                **columns,
            )
    return len(indices)


def read_segments(paths: Sequence[Path]) -> Dict[int, People]:
    """The people of all frames by their index.

    Raises:
        InputError: if a file is missing or broken.
    """
    people: Dict[int, People] = {}
    for path in paths:
        with open_npz(path, 'a segment of a video') as arrays:
            columns = {name: arrays[name] for name in _COLUMNS}
            counts = arrays['counts']
            for index, count, end in zip(arrays['indices'].tolist(), counts.tolist(), np.cumsum(counts).tolist()):
                people[index] = People(**{name: column[end - count : end] for name, column in columns.items()})
    return people
