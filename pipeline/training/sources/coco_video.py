"""An estimator's tracks beside annotated videos: the chain's pose files, and annotations in COCO's keypoint layout.

Each video has a file of annotations ``NAME.json``, as annotation tools export it, and a file of poses
``NAME_poses.json``, as ``smooth-poses NAME.mp4`` writes it. Annotations name their joints (``categories``); an image's
place in the video is its ``frame_id`` or else the last number in its ``file_name``, counted from 0 as the poses are.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np
from scipy.optimize import linear_sum_assignment

from pipeline.errors import InputError
from pipeline.formats.poses_json import PoseFile, read_poses_json
from pipeline.reading import read_json
from pipeline.training.motion import PoseSequence, figure_size

#: whoever is further from an annotated person than this part of the figure's size, in the median joint, is not he
NEAR = 0.25
POSES = '_poses.json'

Frames = Dict[int, np.ndarray]  # by frame, annotated people ``(G, K, 2)`` px, NaN: not annotated


@dataclass(frozen=True)
class _Sighting:
    """One track in one frame: poses ``(K, 2)`` px and scores ``(K,)``."""

    frame: int
    estimate: np.ndarray
    scores: np.ndarray
    truth: np.ndarray


def load_coco_videos(
    annotations: Union[str, Path], poses: Union[str, Path], max_gap: float = 0.3
) -> Tuple[PoseSequence, ...]:
    """One sequence per predicted track, with the estimator's joints: what a refiner will be given.

    Poses are those before the refiner. The truth of a pose is whom it is nearest to, each annotated person being that
    of one pose. Where nobody is annotated or near, and for joints without annotation, the weight is 0. Gaps of up to
    ``max_gap`` seconds are filled linearly with score 0, as in the video chain; a longer one ends the sequence.

    Args:
        annotations: folder of annotation files, or one of them.
        poses: folder of the pose files, or the one that belongs to that file.
        max_gap: seconds.

    Raises:
        InputError: if a file is missing or malformed, names no joint of the other, or frame rates differ.
    """
    sequences: List[PoseSequence] = []
    for truth_path, pose_path in _pairs(Path(annotations), Path(poses)):
        file = read_poses_json(pose_path)
        if file.skeleton is None or file.video is None:
            raise InputError(f'{pose_path}: names no joints, or no video: needed is a file that smooth-poses wrote')
        truth = _read_annotations(truth_path, file.skeleton.names)
        fps = float(file.video.fps)
        size = np.float32([file.video.width, file.video.height])
        for identity, sightings in _tracks(file, truth).items():
            for number, part in enumerate(_parts(sightings, max_gap * fps)):
                name = f'{truth_path.stem}/{identity}/{number}'
                sequences.append(_sequence(name, truth_path.stem, part, fps, size))
    return tuple(sequences)


def _pairs(annotations: Path, poses: Path) -> List[Tuple[Path, Path]]:
    if annotations.is_file():
        return [(annotations, poses / f'{annotations.stem}{POSES}' if poses.is_dir() else poses)]
    paths = sorted(annotations.glob('*.json'))
    if not paths:
        raise InputError(f'{annotations}: no such file, and no folder with .json files')
    return [(path, poses / f'{path.stem}{POSES}') for path in paths]


def _read_annotations(path: Path, names: Sequence[str]) -> Frames:
    """The annotated people of each frame, joints in the order of ``names``."""
    content = read_json(path)
    try:
        known = next(list(c['keypoints']) for c in content['categories'] if c.get('keypoints'))
        frames = {image['id']: _frame_of(image, path) for image in content['images']}
        people: Dict[int, List[np.ndarray]] = {frame: [] for frame in frames.values()}
        for person in content['annotations']:
            if person.get('keypoints') and not person.get('iscrowd'):
                points = np.asarray(person['keypoints'], np.float64).reshape(len(known), 3)
                people[frames[person['image_id']]].append(np.where(points[:, 2:] > 0, points[:, :2], np.nan))
    except (KeyError, TypeError, ValueError, StopIteration, AttributeError) as error:
        raise InputError(
            f"{path}: no annotations in COCO's keypoint layout ({type(error).__name__}: {' '.join(str(error).split())})"
        ) from error
    if not set(known) & set(names):
        raise InputError(f"{path}: annotates {', '.join(known[:3])} …, none of the poses' joints {', '.join(names)}")
    columns = [known.index(name) if name in known else -1 for name in names]
    missing = np.full((1, 2), np.nan)
    return {
        frame: np.array([np.concatenate([pose, missing])[columns] for pose in found]).reshape(-1, len(names), 2)
        for frame, found in people.items()
    }


def _frame_of(image: Dict[str, Any], path: Path) -> int:
    if isinstance(image.get('frame_id'), int):
        return image['frame_id']
    numbers = re.findall(r'\d+', Path(str(image.get('file_name', ''))).stem)
    if not numbers:
        raise InputError(f'{path}: image {image.get("id")} has no frame_id, and no number in its file_name')
    return int(numbers[-1])


def _tracks(file: PoseFile, truth: Frames) -> Dict[int, List[_Sighting]]:
    tracks: Dict[int, List[_Sighting]] = {}
    for frame in file.frames:
        people = frame.people[~frame.people.filled]
        targets = _targets(people.keypoints_raw, truth.get(frame.index))
        for person, target in enumerate(targets):
            sighting = _Sighting(frame.index, people.keypoints_raw[person], people.keypoint_scores[person], target)
            tracks.setdefault(int(people.track_ids[person]), []).append(sighting)
    return tracks


def _targets(found: np.ndarray, truth: Optional[np.ndarray]) -> np.ndarray:
    """``(P, K, 2)``: the annotated joints of whom each pose is, NaN where there are none."""
    targets = np.full(found.shape, np.nan)
    if truth is None or not len(found):
        return targets
    truth = truth[np.isfinite(truth).all(-1).any(1)]  # nobody without joints
    if not len(truth):
        return targets
    annotated = np.isfinite(truth).all(-1)
    size = np.maximum(figure_size(np.nan_to_num(truth), annotated), 1e-6)  # (G,)
    away = np.linalg.norm(found[:, None] - truth[None], axis=-1) / size[:, None]  # (P, G, K)
    away = np.where(np.isfinite(away) | ~annotated[None], away, 1.0)  # an annotated joint that is not predicted
    away = np.nanmedian(away, axis=-1)
    for row, column in zip(*linear_sum_assignment(np.minimum(away, 10 * NEAR))):
        if away[row, column] <= NEAR:
            targets[row] = truth[column]
    return targets


def _parts(sightings: Sequence[_Sighting], longest: float) -> List[List[_Sighting]]:
    parts = [list(sightings[:1])]
    for before, after in zip(sightings, sightings[1:]):
        if after.frame - before.frame - 1 > longest:
            parts.append([])
        parts[-1].append(after)
    return parts


def _sequence(name: str, group: str, sightings: Sequence[_Sighting], fps: float, size: np.ndarray) -> PoseSequence:
    seen = np.array([s.frame for s in sightings])
    rows, frames = seen - seen[0], np.arange(seen[-1] - seen[0] + 1)
    joints = len(sightings[0].scores)
    truth, scores = np.full((len(frames), joints, 2), np.nan), np.zeros((len(frames), joints), np.float32)
    truth[rows], scores[rows] = (np.array([getattr(s, key) for s in sightings]) for key in ('truth', 'scores'))
    given = np.array([s.estimate for s in sightings], np.float64)
    estimate = np.stack(
        [np.stack([np.interp(frames, rows, given[:, k, d]) for d in range(2)], -1) for k in range(joints)], 1
    )
    weight = np.isfinite(truth).all(-1)
    return PoseSequence(
        name,
        np.nan_to_num(truth).astype(np.float32),
        weight.astype(np.float32),
        fps,
        estimate.astype(np.float32),
        group,
        np.clip(np.nan_to_num(scores), 0, 1),
        image_size=size,
    )
