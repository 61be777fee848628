"""Poses as tables for notebooks: pandas, one row per joint; xarray, one array per clip. Both are extras."""

from typing import Any, Dict, Iterable, List, Sequence, Tuple

import numpy as np

from pipeline.formats.collected import Collected, stacked
from pipeline.formats.csv_file import IN_SPACE
from pipeline.formats.movement_file import dataset_of
from pipeline.formats.optional import require
from pipeline.types import People

# position in the source, seconds, people
Moment = Tuple[int, float, People]


def to_dataframe(moments: Iterable[Moment], names: Sequence[str], in_space: bool = False):
    """A ``pandas.DataFrame`` in long form, with the columns of the CSV.

    Columns: frame, time (s), track_id, joint (categorical, in the skeleton's order), x, y (px), score (0..1), x_raw,
    y_raw (px, before the refiner), filled (bool); where people were lifted also x_3d, y_3d, z_3d (m before the camera:
    right, down, ahead), NaN for those who were not.

    Args:
        moments: frames in order; only their people are kept.
        names: of the joints.
        in_space: have the columns of 3D also if nobody was lifted.

    Raises:
        InputError: if pandas is not installed.
    """
    require(('pandas',), 'to_dataframe()', 'notebooks')
    import pandas

    count, kept = len(names), [(index, time, people) for index, time, people in moments if len(people)]
    rows = [len(people) * count for *_, people in kept]

    def column(values: List[np.ndarray], kind: Any) -> np.ndarray:
        return np.concatenate([np.zeros(0, kind), *values])

    points, raw = (
        np.concatenate([np.zeros((0, 2), np.float32), *(getattr(p, name).reshape(-1, 2) for *_, p in kept)])
        for name in ('keypoints', 'keypoints_raw')
    )
    people = sum(len(p) for *_, p in kept)
    columns: Dict[str, Any] = dict(
        frame=np.repeat(np.array([index for index, *_ in kept], np.int64), rows),
        time=np.repeat(np.array([time for _, time, _ in kept], np.float64), rows),
        track_id=np.repeat(column([p.track_ids for *_, p in kept], np.int64), count),
        joint=pandas.Categorical.from_codes(np.tile(np.arange(count), people), categories=list(names)),
        x=points[:, 0],
        y=points[:, 1],
        score=column([p.keypoint_scores.reshape(-1) for *_, p in kept], np.float32),
        x_raw=raw[:, 0],
        y_raw=raw[:, 1],
        filled=np.repeat(column([p.filled for *_, p in kept], bool), count),
    )
    if in_space or any(p.keypoints_3d is not None for *_, p in kept):
        space = np.concatenate([np.zeros((0, 3), np.float32), *(in_metres(p).reshape(-1, 3) for *_, p in kept)])
        columns.update(zip(IN_SPACE, space.T))
    return pandas.DataFrame(columns)


def in_metres(people: People) -> np.ndarray:
    """``(P, K, 3)`` float32 m: the joints in space, NaN where they were not lifted."""
    if people.keypoints_3d is None:
        return np.full((*people.keypoints.shape[:2], 3), np.nan, np.float32)
    return people.keypoints_3d.astype(np.float32)


def to_xarray(moments: Iterable[Moment], names: Sequence[str], source: str = ''):
    """An ``xarray.Dataset`` in ``movement``'s layout (:mod:`pipeline.formats.movement_file`): tracks only.

    Args:
        moments: frames in order; only their people are kept.
        names: of the joints.
        source: the video, for the record.

    Raises:
        InputError: if xarray is not installed.
    """
    require(('xarray',), 'to_xarray()', 'notebooks')
    poses = _collected(moments)
    steps = np.diff(poses.times)
    fps = 1 / float(np.median(steps)) if len(steps) and np.median(steps) > 0 else 0.0
    return dataset_of(poses, names, fps, source)


def _collected(moments: Iterable[Moment]) -> Collected:
    rows: Dict[int, List[tuple]] = {}
    frames: List[Tuple[int, float]] = []
    for position, (index, time, people) in enumerate(moments):
        frames.append((index, time))
        for i, track_id in enumerate(people.track_ids.tolist()):
            if track_id >= 1:
                row = (position, people.keypoints[i], people.keypoint_scores[i], people.bbox_scores[i])
                rows.setdefault(track_id, []).append(row)
    return Collected.of(frames, stacked(rows))
