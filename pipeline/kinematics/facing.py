"""Which way a person faces in the picture: what is forward decides the signs of angles.

Sports2D's rule: somebody whose toes are to the left of the heels faces left. Both feet are asked together, since one
foot of somebody who is seen from the front points anywhere; skeletons without feet are asked where the nose
lies between the ears. A vote has to be clear to change the answer, and lasts until the next clear one.
"""

from typing import Dict

import numpy as np

from pipeline.kinematics.points import members, place
from pipeline.skeletons import Skeleton

#: What may be known of it beforehand; 0 where it is to be found out.
SIDES = {'auto': 0.0, 'right': 1.0, 'left': -1.0}

_CLEAR = 0.12  # of the trunk's length, mean of both feet: a foot in profile has about half of it
_MEMORY = 0.15  # seconds over which votes are averaged
_KEPT = 1000  # people whose ways are remembered; a camera may run for days
_REACH = 6  # times as far away they weigh 1e-8, which is nothing
_LEAST_TRUNK = 0.25  # of a pose's height: somebody who bends towards the camera has a short trunk


def facing(skeleton: Skeleton, keypoints: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Which way one person faces over time.

    Args:
        skeleton: of the poses.
        keypoints: ``(F, K, 2)`` px, NaN where not seen.
        times: ``(F,)`` s.

    Returns:
        ``(F,)`` 1 for right, -1 for left. Frames before the first clear vote have its answer; somebody who never
        gives one is seen from the front or from behind: 1, nothing is mirrored.
    """
    votes = sideways(skeleton, keypoints)
    answer, last = np.zeros(len(votes)), 0.0
    known, votes = np.isfinite(votes), np.nan_to_num(votes)
    begins, ends = (np.searchsorted(times, times + side * _REACH * _MEMORY) for side in (-1, 1))
    for i, time in enumerate(times):
        near = slice(begins[i], ends[i])
        weights = np.exp(-0.5 * ((times[near] - time) / _MEMORY) ** 2) * known[near]
        total = weights.sum()
        vote = float((weights * votes[near]).sum() / total) if total > 1e-6 else 0.0
        last = np.sign(vote) if abs(vote) >= _CLEAR else last
        answer[i] = last
    clear = np.flatnonzero(answer)
    if not len(clear):
        return np.ones(len(votes))
    answer[: clear[0]] = answer[clear[0]]
    return answer


def sideways(skeleton: Skeleton, keypoints: np.ndarray) -> np.ndarray:
    """How far each pose ``(F, K, 2)`` points to the right, in lengths of the trunk: ``(F,)``, NaN if unknown."""
    points = np.asarray(keypoints, np.float64)
    trunk = np.linalg.norm(place(skeleton, points, 'mid_shoulder') - place(skeleton, points, 'mid_hip'), axis=-1)
    with np.errstate(invalid='ignore'):
        heights = np.nanmax(points[..., 1], axis=-1, initial=-np.inf) - np.nanmin(
            points[..., 1], axis=-1, initial=np.inf
        )
    trunk = np.maximum(trunk, _LEAST_TRUNK * np.maximum(heights, 1.0))
    feet = [
        place(skeleton, points, f'{side}_toe')[..., 0] - place(skeleton, points, f'{side}_heel')[..., 0]
        for side in ('left', 'right')
        if members(skeleton, f'{side}_toe') and members(skeleton, f'{side}_heel')
    ]
    if feet:
        known = np.isfinite(feet)
        total = np.where(known, feet, 0).sum(axis=0)
        return np.where(known.any(axis=0), total, np.nan) / np.maximum(known.sum(axis=0), 1) / trunk
    return (place(skeleton, points, 'nose') - place(skeleton, points, 'mid_ear'))[..., 0] / trunk


class FacingMemory:
    """:func:`facing` frame by frame, from what was seen so far; for pictures that are drawn as they come."""

    def __init__(self, skeleton: Skeleton):
        self._skeleton = skeleton
        self._votes: Dict[int, float] = {}
        self._answers: Dict[int, float] = {}

    def update(self, track_id: int, keypoints: np.ndarray, interval: float) -> float:
        """1 or -1 for the next pose ``(K, 2)`` of a track, ``interval`` seconds after the last."""
        vote = float(sideways(self._skeleton, keypoints[None])[0])
        if np.isfinite(vote):
            share = 1 - np.exp(-interval / _MEMORY)
            known = self._votes.get(track_id, vote)
            self._votes[track_id] = known + share * (vote - known)
        mean = self._votes.get(track_id, 0.0)
        # taken out and put in again, so that the first are those not asked about for longest
        before = self._answers.pop(track_id, 1.0)
        answer = self._answers[track_id] = before if abs(mean) < _CLEAR else float(np.sign(mean))
        if len(self._answers) > _KEPT:
            forgotten = next(iter(self._answers))
            del self._answers[forgotten]
            self._votes.pop(forgotten, None)
        return answer
