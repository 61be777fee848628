"""What a detector and an estimator would say of annotated people, where there are no images to run them on.

Poses err as :mod:`pipeline.training.augmentation.error_model` says (fitted to a real estimator).
Boxes tremble, shrink to what is visible, are suppressed where people overlap, come
twice or nested, and appear where nobody is. The figures in :class:`DetectorErrors`
are what real small detectors showed on basketball and street clips, rounded; they
are assumptions, and the same for every tracker that is compared.
"""

from dataclasses import dataclass
from typing import Dict, List

import numpy as np

from pipeline.geometry import box_iou
from pipeline.posetrack.sequence import JOINTS, PoseSequence
from pipeline.skeletons import Skeleton, load_skeleton
from pipeline.training.augmentation.error_model import ErrorModel
from pipeline.types import People


@dataclass(frozen=True)
class DetectorErrors:
    """How the simulated detector errs.

    Attributes:
        severity: factor on the pose errors (1: an ordinary estimator).
        box_noise: standard deviation of each side, of the box size.
        double_rate: part of people who are found a second time.
        suppressed_overlap: IoU from which the weaker of two boxes is mostly lost.
        clutter_rate: things per second that are taken for a person for a while.
        clutter_seconds: mean time for which they are.
        miss_rate: part of people who are missed for no visible reason.
    """

    severity: float = 1.0
    box_noise: float = 0.03
    double_rate: float = 0.15
    suppressed_overlap: float = 0.6
    clutter_rate: float = 1.0
    clutter_seconds: float = 0.25
    miss_rate: float = 0.02


def scored_skeleton() -> Skeleton:
    """PoseTrack's 15 joints in the order of its scores."""
    return load_skeleton('posetrack18').subset(JOINTS)


def simulate_people(
    sequence: PoseSequence, fps: float, rng: np.random.Generator, errors: DetectorErrors = DetectorErrors()
) -> List[People]:
    """The people found in each frame of a sequence, 15 joints each, in random order.

    Args:
        sequence: annotated people with track ids.
        fps: frames per second.
        rng: source of randomness.
        errors: how much goes wrong.
    """
    model = ErrorModel(scored_skeleton())
    found: List[List[tuple]] = [[] for _ in sequence.frames]
    for segment in _segments(sequence):
        _add_person(found, segment, model, fps, rng, errors)
    poses = [pose for rows in found for _, _, pose, _ in rows]
    if poses:
        _add_clutter(found, poses, fps, rng, errors)
    return [_people(rows, rng, errors) for rows in found]


def _segments(sequence: PoseSequence) -> List[Dict]:
    """Uninterrupted stretches of every person: first frame, points ``(T, J, 2)`` with NaN."""
    running, segments = {}, []
    for index, frame in enumerate(sequence.frames):
        current = {}
        for row in np.flatnonzero(frame.present.any(axis=1)):
            identity = int(frame.track_ids[row])
            segment = running.get(identity)
            if segment is None:
                segment = dict(start=index, points=[])
                segments.append(segment)
            segment['points'].append(frame.points[row])
            current[identity] = segment
        running = current
    for segment in segments:
        segment['points'] = np.stack(segment['points'])
    return segments


def _add_person(found, segment, model, fps, rng, errors) -> None:
    points = segment['points']
    visible = ~np.isnan(points[..., 0])  # (T, J)
    known = visible.any(axis=0)
    full = _filled(points)
    low, high = np.nanmin(points, axis=1), np.nanmax(points, axis=1)  # of what can be seen
    size = np.maximum((high - low).max(axis=1), 8.0)
    poses, scores = model.apply(
        full[None], np.array([np.median(size)], np.float32), np.array([fps]), np.array([errors.severity]), rng
    )
    poses, scores = poses[0], scores[0]
    # an estimator also answers for joints that cannot be seen, less surely
    scores = np.where(visible, scores, scores * rng.uniform(0.2, 0.7, (1, len(JOINTS))))
    scores[:, ~known] = 0
    margin = 0.1 * size[:, None]
    boxes = np.concatenate([low - margin, high + margin], axis=1)
    boxes = boxes + rng.normal(0, errors.box_noise, boxes.shape) * size[:, None]
    evident = visible.sum(axis=1) / max(known.sum(), 1)
    sure = rng.uniform(0.6, 0.95) * (0.4 + 0.6 * evident) + rng.normal(0, 0.05, len(size))
    for t in range(len(points)):
        if not scores[t].any() or rng.random() < errors.miss_rate:
            continue
        box_score = float(np.clip(sure[t], 0.05, 0.99))
        rows = found[segment['start'] + t]
        rows.append((boxes[t], box_score, poses[t], scores[t]))
        if rng.random() < errors.double_rate:
            rows.append(_double(boxes[t], box_score, poses[t], scores[t], size[t], rng))


def _double(box, box_score, pose, scores, size, rng) -> tuple:
    """The same person again: shifted a little, or the upper part with the rest squeezed into it."""
    box, pose, scores = box.copy(), pose.copy(), scores.copy()
    if rng.random() < 0.5:
        box += rng.normal(0, 0.06, 4) * size
    else:
        box[3] = box[1] + rng.uniform(0.45, 0.75) * (box[3] - box[1])
        below = pose[:, 1] > box[3]
        pose[below, 1] = box[3] - rng.uniform(0, 0.1, below.sum()) * size
        scores[below] *= 0.5
    pose += rng.normal(0, 0.01, pose.shape) * size
    return box, box_score * rng.uniform(0.5, 1.0), pose, scores


def _add_clutter(found, poses, fps, rng, errors) -> None:
    frames = len(found)
    for _ in range(rng.poisson(errors.clutter_rate * frames / fps)):
        start = int(rng.integers(frames))
        stop = min(start + 1 + int(rng.exponential(errors.clutter_seconds * fps)), frames)
        place, shape = poses[rng.integers(len(poses))], poses[rng.integers(len(poses))]
        size = float(np.ptp(shape, axis=0).max()) * rng.uniform(0.3, 1.0)
        centre = place.mean(axis=0) + rng.normal(0, 3 * size, 2)
        sure = rng.uniform(0.1, 0.6)
        for index in range(start, stop):
            pose = centre + rng.normal(0, 0.25, (len(JOINTS), 2)) * size
            half = size * np.array([0.3, 0.5]) * rng.normal(1, 0.05, 2)
            found[index].append(
                (
                    np.concatenate([centre - half, centre + half]),
                    sure,
                    pose,
                    rng.uniform(0.02, 0.4, len(JOINTS)) * rng.uniform(0.5, 1.3),
                )
            )


def _people(rows, rng, errors) -> People:
    """Rows of a frame as people, less those that non-maximum suppression would have dropped."""
    if not rows:
        return People.empty(len(JOINTS))
    boxes, box_scores, poses, scores = (np.array(column, np.float32) for column in zip(*rows))
    overlap = box_iou(boxes, boxes) > errors.suppressed_overlap
    keep = np.ones(len(rows), bool)
    for row in np.argsort(-box_scores):
        if keep[row] and rng.random() < 0.8:
            keep &= ~(overlap[row] & (box_scores < box_scores[row]))
    order = rng.permutation(np.flatnonzero(keep))
    return People(boxes[order], box_scores[order], poses[order], np.clip(scores[order], 0, 1))


def _filled(points: np.ndarray) -> np.ndarray:
    """``(T, J, 2)`` without NaN: interpolated over time around the moving body, else at the body's centre."""
    centre = np.nanmean(points, axis=1)
    relative = points - centre[:, None]
    frames = np.arange(len(points))
    for joint in range(points.shape[1]):
        known = ~np.isnan(relative[:, joint, 0])
        for axis in range(2):
            relative[:, joint, axis] = (
                np.interp(frames, frames[known], relative[known, joint, axis]) if known.any() else 0.0
            )
    return relative + centre[:, None]
