"""Where heads are, in frames in which somebody was found and in those around: no face shows where a detector missed.

A head is a circle (x, y, radius in px) that holds the whole head from any side. It is larger than
the head, and grows while nobody looks: a blurred wall harms nobody.
"""

from dataclasses import dataclass, field
from typing import Dict, List, Tuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from pipeline.skeletons import Skeleton
from pipeline.types import FrameResult, People

#: Joints of the face, and of the head, in the skeletons that there are.
FACE = ('nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear', 'head', 'top_head', 'head_top', 'head_bottom')
# joints below it do not say where a head is
_LEAST_SCORE = 0.15
# radius in lengths of the torso (shoulders to hips), widths of the shoulders, and reaches of the face's points
_OF_TORSO, _OF_SHOULDERS, _OF_FACE = 0.36, 0.48, 2.1
# … and in sizes of the box (square root of its area): no head is larger or smaller than that
_LEAST, _MOST = 0.10, 0.5
# without a face: how far above the shoulders a head is, in lengths of the torso, and how much larger its circle
_ABOVE, _UNSURE = 0.40, 1.4
# px
_SMALLEST = 5.0

#: Seconds for which a head is carried before its first and after its last sighting.
CARRIED = 1.0
#: Seconds without a sighting that are bridged.
BRIDGED = 2.0
# growth of the radius in each second without a sighting, and its end
_GROWTH, _LARGEST = 2.5, 3.0
# how far a head may have moved since its last sighting, in radii: at once, in each second, and at most
_REACH, _REACH_SPEED, _FARTHEST = 0.8, 4.0, 5.0
# sightings of one frame that are this near to each other are one, in radii
_SAME = 0.6
# seconds around a sighting whose radii say how large the head is: a pose that is half hidden makes a small one
_SIZE_MEMORY = 0.6
# seconds over which the speed at an end is taken, and after which a carried head has gone on by 63 % of its way
_COURSE, _FADE = 0.3, 0.4


def heads_of(people: People, skeleton: Skeleton) -> np.ndarray:
    """Circles around the heads: ``(P, 3)`` x, y, radius in px.

    From the points of the face; where none is sure, from shoulders and hips; else from the box.
    """
    joints = {name: k for k, name in enumerate(skeleton.names)}
    face = [joints[name] for name in FACE if name in joints]
    circles = np.zeros((len(people), 3))
    for row in range(len(people)):
        points, scores = people.keypoints[row].astype(float), people.keypoint_scores[row]
        sure = (scores >= _LEAST_SCORE) & np.isfinite(points).all(axis=1)
        shoulders, hips = (_middle(points, sure, joints, part) for part in ('shoulder', 'hip'))
        box = people.bboxes[row].astype(float)
        size = np.sqrt(max((box[2] - box[0]) * (box[3] - box[1]), 1.0))
        radii = [_LEAST * size, _SMALLEST]
        torso = np.linalg.norm(shoulders - hips)
        if np.isfinite(torso):
            radii.append(_OF_TORSO * torso)
        sides = [joints.get(f'{side}_shoulder', -1) for side in ('left', 'right')]
        if min(sides) >= 0 and sure[sides].all():
            radii.append(_OF_SHOULDERS * np.linalg.norm(points[sides[0]] - points[sides[1]]))
        seen = [k for k in face if sure[k]]
        if seen:
            centre = points[seen].mean(axis=0)
            radii.append(_OF_FACE * np.linalg.norm(points[seen] - centre, axis=1).max())
            radius = max(radii)
        else:
            radius = _UNSURE * max(radii)
            above = shoulders + _ABOVE * (shoulders - hips)
            centre = above if np.isfinite(above).all() else np.array([(box[0] + box[2]) / 2, box[1] + radius / 2])
        circles[row] = *centre, min(radius, max(_MOST * size, _SMALLEST))
    return circles


def _middle(points: np.ndarray, sure: np.ndarray, joints: Dict[str, int], part: str) -> np.ndarray:
    known = [joints[f'{side}_{part}'] for side in ('left', 'right') if f'{side}_{part}' in joints]
    known = [k for k in known if sure[k]]
    return points[known].mean(axis=0) if known else np.full(2, np.nan)


@dataclass
class _Chain:
    """Sightings of one head: seconds, and circles ``(3,)``."""

    times: List[float] = field(default_factory=list)
    circles: List[np.ndarray] = field(default_factory=list)

    def add(self, time: float, circle: np.ndarray) -> None:
        self.times.append(time)
        self.circles.append(circle)


class HeadLog:
    """Every head of a clip; about 100 bytes a head and frame.

    Sightings of tracked people, of people whom the tracker dropped, and of people who were not
    chosen count alike: they are linked by where they are, and not by ids.
    """

    def __init__(self) -> None:
        self._sightings: Dict[float, List[np.ndarray]] = {}

    def note(self, result: FrameResult, skeleton: Skeleton) -> None:
        """Take in the people of a frame; a frame may come twice, as before the tracker and after it."""
        circles = heads_of(result.people, skeleton)
        self._sightings.setdefault(result.frame.time, []).append(circles[np.isfinite(circles).all(axis=1)])

    def circles(self, times: np.ndarray) -> List[np.ndarray]:
        """Circles to hide at each of ``times`` (``(T,)`` seconds, ascending): arrays ``(N, 3)`` px."""
        found: List[List[np.ndarray]] = [[] for _ in times]
        for chain in self._chains():
            for position, circle in zip(*_carried(np.array(chain.times), np.stack(chain.circles), times)):
                found[position].append(circle)
        return [np.array(rows).reshape(-1, 3) for rows in found]

    def _chains(self) -> List[_Chain]:
        """Sightings linked over time, by distance."""
        done: List[_Chain] = []
        going: List[_Chain] = []
        for time in sorted(self._sightings):
            done += [chain for chain in going if time - chain.times[-1] > BRIDGED]
            going = [chain for chain in going if time - chain.times[-1] <= BRIDGED]
            circles = _merged(np.concatenate(self._sightings[time]))
            taken = _linked(going, circles, time)
            for row, circle in enumerate(circles):
                if row in taken:
                    taken[row].add(time, circle)
                else:
                    going.append(_Chain([time], [circle]))
        return done + going


def _merged(circles: np.ndarray) -> np.ndarray:
    """``(N, 3)`` with those that lie on each other made one that holds both."""
    kept: List[np.ndarray] = []
    for x, y, radius in sorted(circles.tolist(), key=lambda circle: -circle[2]):
        for other in kept:
            distance = float(np.hypot(x - other[0], y - other[1]))
            if distance <= _SAME * other[2]:
                other[2] = min(max(other[2], distance + radius), 1.2 * other[2])
                break
        else:
            kept.append(np.array([x, y, radius]))
    return np.array(kept).reshape(-1, 3)


def _linked(chains: List[_Chain], circles: np.ndarray, time: float) -> Dict[int, _Chain]:
    """Which chain each circle goes on with, where one is near enough."""
    if not chains or not len(circles):
        return {}
    last = np.stack([chain.circles[-1] for chain in chains])
    unseen = time - np.array([chain.times[-1] for chain in chains])
    distance = np.linalg.norm(last[:, None, :2] - circles[None, :, :2], axis=2)
    scale = np.maximum(last[:, None, 2], circles[None, :, 2])
    away = distance / (scale * np.minimum(_REACH + _REACH_SPEED * unseen, _FARTHEST)[:, None])
    rows, columns = linear_sum_assignment(np.minimum(away, 2.0))
    return {int(column): chains[row] for row, column in zip(rows, columns) if away[row, column] <= 1}


def _carried(seen: np.ndarray, circles: np.ndarray, times: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """A chain's circles: bridged between sightings, carried before the first and after the last.

    Args:
        seen: ``(S,)`` seconds, ascending, of the sightings ``circles`` ``(S, 3)``.
        times: ``(T,)`` seconds of frames.

    Returns:
        Positions ``(N,)`` among ``times``, and circles ``(N, 3)`` there.
    """
    positions = np.flatnonzero((times >= seen[0] - CARRIED) & (times <= seen[-1] + CARRIED))
    when = times[positions]
    out = np.stack([np.interp(when, seen, circles[:, k]) for k in range(3)], axis=1)  # (N, 3)
    spans = np.searchsorted(seen, (seen - _SIZE_MEMORY, seen + _SIZE_MEMORY))
    usual = [np.percentile(circles[a:b, 2], 75) for a, b in spans.T]
    out[:, 2] = np.interp(when, seen, np.maximum(circles[:, 2], usual))
    after = np.clip(np.searchsorted(seen, when), 0, len(seen) - 1)
    unseen = np.minimum(np.abs(seen[after] - when), np.abs(when - seen[np.maximum(after - 1, 0)]))
    for end, step in ((0, -1.0), (-1, 1.0)):
        near = np.abs(seen - seen[end]) <= _COURSE
        if np.ptp(seen[near]) > 0:
            speed = np.polyfit(seen[near] - seen[end], circles[near, :2], 1)[0]
            beyond = np.maximum(step * (when - seen[end]), 0)
            out[:, :2] += step * speed * (_FADE * -np.expm1(-beyond / _FADE))[:, None]
    out[:, 2] *= np.minimum(1 + _GROWTH * unseen, _LARGEST)
    return positions, out
