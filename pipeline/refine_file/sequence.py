"""What is done to a whole file of poses before it is refined: ids, and places for joints that were not found."""

import math
from dataclasses import replace
from fractions import Fraction
from typing import Dict, List, Optional, Tuple

import numpy as np

from pipeline.errors import InputError
from pipeline.formats.found_poses import FoundPoses
from pipeline.moments import simple_rate
from pipeline.refine.filters import bridge_missing
from pipeline.tracking import build_tracker
from pipeline.types import VideoInfo

# frames per second; times that say otherwise are not in seconds, or no times
SLOWEST, FASTEST = 0.01, 100_000


def with_ids(found: FoundPoses, scene: Optional[str], fps: Fraction, size: Tuple[int, int]) -> FoundPoses:
    """The poses with ids from the chain's tracker, which here tells people apart by pose, box and motion alone.

    As in the chain, doubles of a person, ghosts, and who was there for a moment only are left out.
    """
    tracker = build_tracker(dict(scene=scene) if scene else {}, found.skeleton)
    tracker.reset()
    if hasattr(tracker, 'expect_rate'):
        tracker.expect_rate(float(fps / stride_of(found)))
    people = {}
    for index in sorted(found.people):
        time = found.times.get(index, index / float(fps))
        seen = found.people[index][~found.people[index].filled]
        people[index] = tracker.update(replace(seen, looks=None), time, size)
    return replace(found, people=people)


def bridged(found: FoundPoses) -> FoundPoses:
    """The poses with every joint of which a frame says nothing put where it was before and after.

    Its score stays 0.
    """
    rows: Dict[int, List[Tuple[int, int]]] = {}
    for index, people in found.people.items():
        for row, track_id in enumerate(people.track_ids.tolist()):
            if track_id > 0 and not people.filled[row]:
                rows.setdefault(track_id, []).append((index, row))
    points = {index: people.keypoints.copy() for index, people in found.people.items()}
    for places in rows.values():
        scores = np.stack([found.people[index].keypoint_scores[row] for index, row in places])
        track = np.stack([points[index][row] for index, row in places])
        nowhere = (scores == 0) & (np.abs(track - _middles(track, scores)) < 0.01).all(axis=2)
        if not nowhere.any():
            continue
        filled = bridge_missing(track, 1.0 - nowhere, np.array([index for index, _ in places], float))
        for (index, row), pose in zip(places, filled):
            points[index][row] = pose
    filled_in = {
        index: replace(people, keypoints=points[index], keypoints_raw=points[index])
        for index, people in found.people.items()
    }
    return replace(found, people=filled_in)


def _middles(track: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """``(T, 1, 2)`` px, where :mod:`pipeline.formats.found_poses` puts joints of which nothing is known."""
    seen = (scores > 0)[..., None]
    return np.where(seen, track, 0).sum(axis=1, keepdims=True) / np.maximum(seen.sum(axis=1, keepdims=True), 1)


def stride_of(found: FoundPoses) -> int:
    """Every how many frames the tool has looked: 1 unless all its frames are a multiple apart."""
    known = sorted(found.people)
    return math.gcd(*(b - a for a, b in zip(known, known[1:]))) if len(known) > 2 else 1


def counted_from(found: FoundPoses, first: int) -> FoundPoses:
    if not first:
        return found
    if min(found.people) < first:
        raise InputError(f'--first-frame {first}: {found.path} has poses of frame {min(found.people)}')
    return replace(
        found,
        people={index - first: people for index, people in found.people.items()},
        times={index - first: time for index, time in found.times.items()},
    )


def rate_of(found: FoundPoses) -> Optional[Fraction]:
    """The rate that the frames' times tell; None if they tell none, or one that no camera has."""
    known = sorted(found.times)
    if len(known) < 2 or found.times[known[-1]] <= found.times[known[0]]:
        return None
    rate = (known[-1] - known[0]) / (found.times[known[-1]] - found.times[known[0]])
    return simple_rate(rate) if SLOWEST <= rate <= FASTEST else None


def extent_of(found: FoundPoses) -> Tuple[int, int]:
    """The smallest picture that holds every joint; a guess that only files of that size, such as TRC, depend on."""
    corners = [
        people.keypoints[people.keypoint_scores > 0].max(axis=0)
        for people in found.people.values()
        if (people.keypoint_scores > 0).any()
    ]
    width, height = np.ceil(np.max(corners, axis=0)).astype(int) + 1
    return int(np.clip(width, 1, 1 << 16)), int(np.clip(height, 1, 1 << 16))


def check_size(found: FoundPoses, info: VideoInfo, said: Optional[Tuple[int, int]] = None) -> None:
    """Raise :class:`InputError` if file, video and ``--size`` speak of pictures of different sizes.

    Args:
        info: of the video, or of the frames that stand for it.
        said: what ``--size`` says, ``(width, height)`` px.
    """
    known = found.size or (info.width, info.height)
    if said is not None and said != known:
        raise InputError(
            f'--size {said[0]}x{said[1]}: the pictures have {known[0]}x{known[1]} px, as {found.path} or its video says'
        )
    if found.size is not None and found.size != (info.width, info.height):
        raise InputError(
            f'{found.path}: has poses in pictures of {found.size[0]}x{found.size[1]} px, but those of {info.path} have '
            f'{info.width}x{info.height}: another video'
        )


def check_fits(found: FoundPoses, info: VideoInfo, first: int = 0) -> None:
    """Raise :class:`InputError` if there are poses of frames behind the end of a whole video."""
    last = found.num_frames - 1
    if info.num_frames is not None and last - first >= info.num_frames:
        raise InputError(
            f'{found.path}: has poses of frame {last}, but {info.path} has {info.num_frames} frames: another video, '
            'or --first-frame 1 where a tool counts from 1'
        )
