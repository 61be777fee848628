"""Curves over time from poses: position, speed, acceleration and joint angles of every track.

Legend: ``F`` frames from a track's first to its last, ``K`` joints, ``A`` angles.
What is not known is NaN: frames without the person, ends of derivatives, joints
that were not seen.
"""

from dataclasses import dataclass
from typing import Dict, List, Sequence, Tuple

import numpy as np

from pipeline.errors import InputError
from pipeline.formats import PoseFile
from pipeline.skeletons import Skeleton

# the joint in the middle is the one that bends
_ANGLES = {
    'knee': ('hip', 'knee', 'ankle'),
    'hip': ('shoulder', 'hip', 'knee'),
    'elbow': ('shoulder', 'elbow', 'wrist'),
    'shoulder': ('elbow', 'shoulder', 'hip'),
}


@dataclass(frozen=True)
class Motion:
    """How the joints of one track move.

    Attributes:
        position: ``(F, K, 2)`` px.
        speed: ``(F, K)`` px/s.
        acceleration: ``(F, K)`` px/s².
        angles: ``(F, A)`` degrees, 180 is straight.
    """

    position: np.ndarray
    speed: np.ndarray
    acceleration: np.ndarray
    angles: np.ndarray


@dataclass(frozen=True)
class TrackCurves:
    """One person over time.

    Attributes:
        track_id: of the person.
        first: position in the file's list of frames of the first one with the person.
        time: ``(F,)`` s.
        before, after: motion as estimated and as refined.
        scores: ``(F, K)`` in 0..1.
        boxes: ``(F, 4)`` x1 y1 x2 y2 in px.
        present: ``(F,)`` bool, the person is in the frame.
        filled: ``(F,)`` bool, the person was bridged there.
    """

    track_id: int
    first: int
    time: np.ndarray
    before: Motion
    after: Motion
    scores: np.ndarray
    boxes: np.ndarray
    present: np.ndarray
    filled: np.ndarray


def track_curves(poses: PoseFile) -> List[TrackCurves]:
    """Curves of every track, in the order of their ids.

    Raises:
        InputError: if the poses have no skeleton, no times, or people without a track.
    """
    if poses.skeleton is None:
        raise InputError('the poses do not name their joints (meta_info.keypoint_id2name)')
    time = np.array([frame.time for frame in poses.frames])
    if not np.isfinite(time).all() or (np.diff(time) <= 0).any():
        raise InputError('the frames need times that increase (instance_info[i].time)')
    rows: Dict[int, List[Tuple[int, int]]] = {}
    for position, frame in enumerate(poses.frames):
        for p, track_id in enumerate(frame.people.track_ids.tolist()):
            rows.setdefault(track_id, []).append((position, p))
    if any(track_id < 1 for track_id in rows):
        raise InputError('the poses have people without a track id (track_id from 1 up)')
    angles = [triple for _, triple in angle_joints(poses.skeleton)]
    return [_one_track(poses, track_id, rows[track_id], time, angles) for track_id in sorted(rows)]


def _one_track(
    poses: PoseFile,
    track_id: int,
    rows: Sequence[Tuple[int, int]],
    time: np.ndarray,
    angles: Sequence[Tuple[int, int, int]],
) -> TrackCurves:
    first, count = rows[0][0], rows[-1][0] - rows[0][0] + 1
    joints = poses.skeleton.num_keypoints
    refined, raw = np.full((2, count, joints, 2), np.nan)
    scores, boxes = np.full((count, joints), np.nan), np.full((count, 4), np.nan)
    present, filled = np.zeros((2, count), bool)
    for position, p in rows:
        people, at = poses.frames[position].people, position - first
        refined[at], scores[at], boxes[at] = people.keypoints[p], people.keypoint_scores[p], people.bboxes[p]
        present[at], filled[at] = True, people.filled[p]
        if not filled[at]:  # nothing was estimated there, what is in keypoints_raw was bridged too
            raw[at] = np.where(people.keypoint_scores[p][:, None] > 0, people.keypoints_raw[p], np.nan)
    when = time[first : first + count]
    return TrackCurves(
        track_id, first, when, motion(raw, when, angles), motion(refined, when, angles), scores, boxes, present, filled
    )


def motion(position: np.ndarray, time: np.ndarray, angles: Sequence[Tuple[int, int, int]]) -> Motion:
    """Derivatives and angles of ``position`` ``(F, K, 2)`` px at ``time`` ``(F,)`` s, which may be uneven.

    Velocity is the central difference over the neighbouring frames; acceleration the
    difference of the velocities on both sides, over half of the same span.
    """
    velocity = np.full(position.shape, np.nan)
    change = np.full(position.shape, np.nan)
    if len(position) > 2:
        span = (time[2:] - time[:-2])[:, None, None]
        steps = np.diff(position, axis=0) / np.diff(time)[:, None, None]
        velocity[1:-1] = (position[2:] - position[:-2]) / span
        change[1:-1] = 2 * np.diff(steps, axis=0) / span
    return Motion(
        position, np.linalg.norm(velocity, axis=2), np.linalg.norm(change, axis=2), joint_angles(position, angles)
    )


def angle_joints(skeleton: Skeleton) -> List[Tuple[str, Tuple[int, int, int]]]:
    """Names and joint triples of the main angles, as far as the skeleton has their joints."""
    found = []
    for angle, parts in _ANGLES.items():
        for side in ('left', 'right'):
            names = [f'{side}_{part}' for part in parts]
            if all(name in skeleton.names for name in names):
                found.append((f'{side}_{angle}', tuple(skeleton.index(name) for name in names)))
    return found


def joint_angles(position: np.ndarray, triples: Sequence[Tuple[int, int, int]]) -> np.ndarray:
    """Angle at the middle joint of every triple: ``(F, K, 2)`` px to ``(F, A)`` degrees in 0..180."""
    if not triples:
        return np.zeros((len(position), 0))
    start, middle, end = (position[:, list(k)] for k in zip(*triples))
    a, b = start - middle, end - middle
    cross = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    angle = np.degrees(np.arctan2(np.abs(cross), (a * b).sum(axis=-1)))
    # two joints in one place have no direction
    return np.where((a == 0).all(axis=-1) | (b == 0).all(axis=-1), np.nan, angle)
