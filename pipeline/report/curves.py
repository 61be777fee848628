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
from pipeline.kinematics import Angle, angles_of, body_angles, facing
from pipeline.skeletons import Skeleton


@dataclass(frozen=True)
class Motion:
    """How the joints of one track move.

    Attributes:
        position: ``(F, K, 2)`` px.
        speed: ``(F, K)`` px/s.
        acceleration: ``(F, K)`` px/s².
        angles: ``(F, A)`` degrees, those of :func:`shown_angles`.
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
    return [_one_track(poses, track_id, rows[track_id], time) for track_id in sorted(rows)]


def _one_track(
    poses: PoseFile,
    track_id: int,
    rows: Sequence[Tuple[int, int]],
    time: np.ndarray,
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
    seen = np.where(scores[..., None] > 0, refined, np.nan)
    towards = facing(poses.skeleton, seen, when)
    before, after = (motion(p, when, _angles(poses.skeleton, a, towards)) for p, a in ((raw, raw), (refined, seen)))
    return TrackCurves(track_id, first, when, before, after, scores, boxes, present, filled)


def shown_angles(skeleton: Skeleton) -> List[Angle]:
    """The angles that a report shows, as far as the skeleton has their joints: those of joints, and the trunk's."""
    return [angle for angle in angles_of(skeleton) if angle.is_joint or angle.name == 'trunk']


def runs(mask: np.ndarray) -> List[Tuple[int, int]]:
    """First and last index of every run of True in ``(F,)`` bool."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2])]


def _angles(skeleton: Skeleton, position: np.ndarray, towards: np.ndarray) -> np.ndarray:
    shown = shown_angles(skeleton)
    return body_angles(skeleton, position, towards)[:, [angle in shown for angle in angles_of(skeleton)]]


def motion(position: np.ndarray, time: np.ndarray, angles: np.ndarray) -> Motion:
    """Derivatives of ``position`` ``(F, K, 2)`` px at ``time`` ``(F,)`` s, which may be uneven, beside its ``angles``.

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
    return Motion(position, np.linalg.norm(velocity, axis=2), np.linalg.norm(change, axis=2), angles)
