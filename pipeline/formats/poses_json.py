"""Reads pose JSON: ours, and what MMPose's inferencer and demo scripts write."""

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple, Union

import numpy as np

from pipeline.errors import InputError
from pipeline.formats.tables import Moment, to_dataframe, to_xarray
from pipeline.reading import exact_fraction, read_json
from pipeline.skeletons import Skeleton, side_of
from pipeline.summary import html_table
from pipeline.types import People, VideoInfo


@dataclass(frozen=True)
class PoseFrame:
    """The people of one frame; ``time`` in seconds, NaN where the file does not say."""

    index: int
    time: float
    people: People


@dataclass(frozen=True)
class PoseFile:
    """The content of a pose file.

    Attributes:
        frames: in the file's order.
        skeleton: None in files of MMPose's inferencer, which do not name it.
        video: the source, where the file tells.
        run: the run's record, where the file has one.
    """

    frames: List[PoseFrame]
    skeleton: Optional[Skeleton]
    video: Optional[VideoInfo]
    run: dict

    def to_dataframe(self):
        """A ``pandas.DataFrame``, a row per frame, person and joint; see :func:`pipeline.formats.tables.to_dataframe`.

        Raises:
            InputError: if pandas is not installed.
        """
        return to_dataframe(self._moments(), self._names())

    def to_xarray(self):
        """An ``xarray.Dataset``; see :func:`pipeline.formats.tables.to_xarray`."""
        return to_xarray(self._moments(), self._names(), self.video.name if self.video else '')

    def _moments(self) -> List[Moment]:
        return [(frame.index, frame.time, frame.people) for frame in self.frames]

    def _names(self) -> List[str]:
        if self.skeleton is not None:
            return list(self.skeleton.names)
        count = max((frame.people.keypoints.shape[1] for frame in self.frames), default=0)
        return [f'joint {k}' for k in range(count)]

    def _repr_html_(self) -> str:
        """A table for notebooks."""
        ids = sorted({int(i) for frame in self.frames for i in frame.people.track_ids})
        shown = ', '.join(map(str, ids[:12])) + (' …' if len(ids) > 12 else '')
        return html_table(
            self.video.name if self.video else 'poses',
            {'frames': len(self.frames), 'people': f'{len(ids)} (ids {shown})', 'keypoints': ', '.join(self._names())},
        )


def read_poses_json(path: Union[str, Path]) -> PoseFile:
    """Read a pose file.

    Raises:
        InputError: if there is no such file, or it is not pose JSON; the message
            names the place, such as ``instance_info[3].instances[0].keypoints``.
    """
    return parse_poses(path, read_json(path))


def parse_poses(path: Union[str, Path], document: Any) -> PoseFile:
    """The poses of a document that was read from ``path``, as :func:`read_poses_json` does."""
    return _Reader(path).document(document)


class _Reader:
    """Walks a document and knows where it is, for error messages."""

    def __init__(self, path):
        self._path = path
        self._skeleton: Optional[Skeleton] = None
        self._num_keypoints: Optional[int] = None

    def document(self, document: Any) -> PoseFile:
        if isinstance(document, list):  # MMPose's inferencer
            return PoseFile(self._frames(document, ''), None, None, {})
        self._expect(isinstance(document, dict), 'the file', 'an object or a list of frames', document)
        meta = document.get('meta_info', {})
        self._expect(isinstance(meta, dict), 'meta_info', 'an object', meta)
        if 'keypoint_id2name' in meta:
            self._skeleton = self._read_skeleton(meta)
            self._num_keypoints = self._skeleton.num_keypoints
        run = meta.get('run', {})
        self._expect(isinstance(run, dict), 'meta_info.run', 'an object', run)
        return PoseFile(
            self._frames(document.get('instance_info'), 'instance_info'),
            self._skeleton,
            self._video(meta.get('video')),
            run,
        )

    def _frames(self, frames: Any, place: str) -> List[PoseFrame]:
        self._expect(isinstance(frames, list), place or 'the file', 'a list of frames', frames)
        rows = [self._frame(frame, f'{place}[{i}]') for i, frame in enumerate(frames)]
        # only now is the number of joints known of files that begin with empty frames
        nobody = People.empty(self._num_keypoints or 0)
        return [PoseFrame(index, time, people or nobody) for index, time, people in rows]

    def _frame(self, frame: Any, place: str) -> Tuple[int, float, Optional[People]]:
        self._expect(isinstance(frame, dict), place, 'an object', frame)
        index = frame.get('frame_id')
        self._expect(_is_integer(index), f'{place}.frame_id', 'an integer', index)
        time = float(self._array(frame.get('time'), (), f'{place}.time'))
        rows = frame.get('instances')
        self._expect(isinstance(rows, list), f'{place}.instances', 'a list', rows)
        people = [self._person(row, f'{place}.instances[{i}]') for i, row in enumerate(rows)]
        if not people:
            return index, time, None
        columns: Dict[str, Any] = {name: np.stack([person[name] for person in people]) for name in people[0]}
        for name in ('keypoint_sigmas', 'keypoints_3d'):
            if np.isnan(columns[name]).all():
                columns[name] = None
        return index, time, People(**columns)

    def _person(self, row: Any, place: str) -> Dict[str, np.ndarray]:
        self._expect(isinstance(row, dict), place, 'an object', row)
        points = row.get('keypoints')
        self._expect(isinstance(points, list) and len(points) > 0, f'{place}.keypoints', 'a list of points', points)
        self._num_keypoints = self._num_keypoints or len(points)
        shape = (self._num_keypoints, 2)
        keypoints = self._array(points, shape, f'{place}.keypoints')
        scores = self._array(row.get('keypoint_scores'), shape[:1], f'{place}.keypoint_scores')
        box = row.get('bbox')
        if box is None:  # bottom-up models have none
            seen = keypoints[np.isfinite(keypoints).all(axis=1)]
            box = [*seen.min(axis=0), *seen.max(axis=0)] if len(seen) else [np.nan] * 4
        elif isinstance(box, list) and len(box) == 1:  # MMPose puts it into a list of its own
            box = box[0]
        raw = row.get('keypoints_raw')
        track_id, filled = row.get('track_id', -1), row.get('filled', False)
        self._expect(_is_integer(track_id), f'{place}.track_id', 'an integer', track_id)
        self._expect(isinstance(filled, bool), f'{place}.filled', 'true or false', filled)
        return dict(
            bboxes=self._array(box, (4,), f'{place}.bbox'),
            bbox_scores=self._array(row.get('bbox_score'), (), f'{place}.bbox_score'),
            keypoints=keypoints,
            keypoint_scores=scores,
            track_ids=np.array(track_id, np.int64),
            keypoints_raw=keypoints if raw is None else self._array(raw, shape, f'{place}.keypoints_raw'),
            filled=np.array(filled),
            keypoint_sigmas=self._optional(row.get('keypoint_sigmas'), shape[:1], f'{place}.keypoint_sigmas'),
            keypoints_3d=self._optional(row.get('keypoints_3d'), (shape[0], 3), f'{place}.keypoints_3d'),
        )

    def _optional(self, given: Any, shape: Tuple[int, ...], place: str) -> np.ndarray:
        """What not every file has; NaN where it is missing."""
        return np.full(shape, np.nan, np.float32) if given is None else self._array(given, shape, place)

    def _read_skeleton(self, meta: dict) -> Skeleton:
        names = meta['keypoint_id2name']
        numbered = isinstance(names, dict) and set(names) == {str(k) for k in range(len(names))}
        self._expect(
            numbered and len(names) > 0 and all(isinstance(name, str) for name in names.values()),
            'meta_info.keypoint_id2name',
            'names for "0", "1" …',
            names,
        )
        names = tuple(names[str(k)] for k in range(len(names)))
        count = len(names)

        def indices(value, place):
            self._expect(
                isinstance(value, list) and all(_is_integer(k) and 0 <= k < count for k in value),
                place,
                f'integers in 0..{count - 1}',
                value,
            )
            return tuple(value)

        links = meta.get('skeleton_links', [])
        self._expect(isinstance(links, list), 'meta_info.skeleton_links', 'a list', links)
        pairs = tuple(indices(link, f'meta_info.skeleton_links[{i}]') for i, link in enumerate(links))
        self._expect(all(len(pair) == 2 for pair in pairs), 'meta_info.skeleton_links', 'pairs', links)
        flips = indices(meta.get('flip_indices', list(range(count))), 'meta_info.flip_indices')
        self._expect(len(flips) == count, 'meta_info.flip_indices', f'{count} integers', list(flips))
        sigmas = self._array(meta.get('sigmas', [0.05] * count), (count,), 'meta_info.sigmas')
        return Skeleton(str(meta.get('dataset_name', '')), names, pairs, flips, sigmas, tuple(map(side_of, names)))

    def _video(self, video: Any) -> Optional[VideoInfo]:
        if video is None:
            return None
        self._expect(isinstance(video, dict), 'meta_info.video', 'an object', video)
        try:
            info = VideoInfo(
                str(video['name']),
                int(video['width']),
                int(video['height']),
                exact_fraction(video['fps']),
                num_frames=video.get('num_frames'),
                start=float(video.get('start', 0)),
            )
        except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError) as error:
            raise InputError(
                f'{self._path}: meta_info.video: name, width, height and fps are needed '
                f'({type(error).__name__}: {error})'
            ) from error
        for name, low, value, high in (
            ('width', 0, info.width, 1 << 31),
            ('height', 0, info.height, 1 << 31),
            ('fps', Fraction(1, 1_000_000), info.fps, 1_000_000),
            ('num_frames', 0, info.num_frames or 0, 1 << 53),
            ('start', -1e12, info.start, 1e12),
        ):
            fits = isinstance(value, (int, float, Fraction)) and not isinstance(value, bool) and low <= value <= high
            self._expect(fits, f'meta_info.video.{name}', f'a number in {low}..{high}', video.get(name))
        return info

    def _array(self, value: Any, shape: tuple, place: str) -> np.ndarray:
        """``value`` as float32 of ``shape``; null is NaN."""
        try:
            with np.errstate(over='ignore'):  # beyond float32 is infinite
                array = np.array(value, np.float32)
            fits = array.shape == shape and not np.isinf(array).any()
        except (TypeError, ValueError, OverflowError):
            fits = False
        if not fits or _has_text(value):
            wanted = 'a number' if shape == () else ' x '.join(map(str, shape)) + ' numbers'
            self._expect(False, place, wanted, value)
        return array

    def _expect(self, fine: bool, place: str, wanted: str, found: Any) -> None:
        if not fine:
            shown = json.dumps(found, default=str)
            raise InputError(
                f'{self._path}: {place}: {wanted} expected, found {shown if len(shown) <= 60 else shown[:57] + "..."}'
            )


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**62


def _has_text(value: Any) -> bool:
    # NumPy would read '1.5' and true as numbers
    if isinstance(value, list):
        return any(_has_text(inner) for inner in value)
    return isinstance(value, (str, bool))
