"""PoseTrack: an estimator's tracks, and the annotations of those frames that have them."""

from pathlib import Path
from typing import Dict, List, Tuple, Union

import numpy as np

from pipeline.errors import InputError
from pipeline.posetrack import JOINTS, PoseFrame, load_sequence
from pipeline.posetrack import PoseSequence as Video
from pipeline.posetrack.assignment import match_frame
from pipeline.posetrack.folders import image_key, list_files
from pipeline.posetrack.head_boxes import with_head_boxes
from pipeline.posetrack.sequence import NO_TRACK
from pipeline.training.joint_sets import JOINT_SETS
from pipeline.training.motion import PoseSequence
from pipeline.training.sources import register_source
from pipeline.training.sources.penn_action import bridge_unseen

_NAMES = JOINT_SETS['posetrack15'].names
_ORDER = [JOINTS.index(name) for name in _NAMES]


def load_posetrack(
    annotations: Union[str, Path], predictions: Union[str, Path], fps: float = 25.0, max_gap: float = 0.3
) -> Tuple[PoseSequence, ...]:
    """One sequence per predicted track, with PoseTrack's 15 joints: what a refiner will be given.

    The truth of a prediction is whom poseval assigns it to. Where nobody is annotated or
    assigned, and for joints that are not annotated, the weight is 0. Gaps of up to
    ``max_gap`` seconds are filled linearly with score 0, as in the video chain; a longer one ends
    the sequence.

    Args:
        annotations: folder of annotation files, PoseTrack17 or 18 layout.
        predictions: folder with a file of the same name for each, with scores and track ids, such as
            ``raw/poses`` of ``tools/eval_posetrack.py --data-root``.
        fps: frames per second of the images.
        max_gap: seconds.

    Raises:
        InputError: if a file is malformed, a prediction file or a track id is missing, or images differ.
    """
    sequences: List[PoseSequence] = []
    for path in list_files(annotations):
        there = Path(predictions) / path.name
        if not there.is_file():
            raise InputError(
                f'{there}: no such predictions for {path}; tools/eval_posetrack.py --data-root writes them'
            )
        truth, prediction = with_head_boxes(load_sequence(path)), load_sequence(there)
        for identity, sightings in _tracks(truth, prediction).items():
            for number, part in enumerate(_parts(sightings, max_gap * fps)):
                sequences.append(_sequence(f'{path.stem}/{identity}/{number}', path.stem, part, fps))
    return tuple(sequences)


def load_annotated_tracks(folder: Union[str, Path], fps: float = 25.0) -> Tuple[PoseSequence, ...]:
    """The annotated people, each as long as it is there without a gap, with PoseTrack's 15 joints.

    Joints are filled in over time where they are not annotated, with weight 0; a nose that never
    is (early files have none) is put between neck and head top.

    Args:
        folder: annotation files with track ids.
        fps: frames per second.
    """
    sequences: List[PoseSequence] = []
    for path in list_files(folder):
        tracks: Dict[int, List[tuple]] = {}
        for index, frame in enumerate(load_sequence(path).frames):
            for person in np.flatnonzero(frame.present.any(axis=1)):
                sighting = index, frame.points[person][_ORDER]
                tracks.setdefault(int(frame.track_ids[person]), []).append(sighting)
        for identity, sightings in tracks.items():
            for number, part in enumerate(_parts(sightings, 0)):
                points = np.array([pose for _, pose in part], np.float32)
                weight = np.isfinite(points).all(axis=2).astype(np.float32)
                nose, bottom, top = (_NAMES.index(name) for name in ('nose', 'head_bottom', 'head_top'))
                truth = bridge_unseen(np.nan_to_num(points), weight)
                if not weight[:, nose].any():
                    truth[:, nose] = (truth[:, bottom] + truth[:, top]) / 2
                name = f'{path.stem}/{identity}/{number}'
                sequences.append(PoseSequence(name, truth, weight, fps, group=path.stem))
    return tuple(sequences)


def _tracks(truth: Video, prediction: Video) -> Dict[int, List[tuple]]:
    """Per track id its sightings: frame index, points, scores, annotated points ``(15, ...)``, NaN for none."""
    annotated = {image_key(frame): frame for frame in truth.frames}
    tracks: Dict[int, List[tuple]] = {}
    for index, frame in enumerate(prediction.frames):
        if image_key(frame) not in annotated:
            raise InputError(f'{prediction.path}: image {frame.image} is not in {truth.path}')
        targets = _targets(annotated[image_key(frame)], frame)
        for person, target in enumerate(targets):
            identity = int(frame.track_ids[person])
            if identity == NO_TRACK:
                raise InputError(f'{prediction.path}: a person without track id in {frame.image}')
            scores = np.where(frame.present[person], np.clip(frame.scores[person], 0, 1), 0)
            tracks.setdefault(identity, []).append((index, frame.points[person], scores, target))
    return tracks


def _targets(truth: PoseFrame, frame: PoseFrame) -> np.ndarray:
    """``(P, 15, 2)``: the annotated joints of whom each prediction is, NaN where there are none."""
    targets = np.full(frame.points.shape, np.nan)
    known = truth.without_joints(~truth.present)  # nobody without joints
    if len(known) and len(frame):
        owner = match_frame(known, frame).owner
        targets[owner >= 0] = known.points[owner[owner >= 0]]
    return targets


def _parts(sightings: List[tuple], longest: float) -> List[List[tuple]]:
    parts = [sightings[:1]]
    for before, after in zip(sightings, sightings[1:]):
        if after[0] - before[0] - 1 > longest:
            parts.append([])
        parts[-1].append(after)
    return parts


def _sequence(name: str, group: str, sightings: List[tuple], fps: float) -> PoseSequence:
    seen, points, scores, targets = (np.array(column) for column in zip(*sightings))
    frames = np.arange(seen[0], seen[-1] + 1)
    rows = seen - seen[0]
    estimate = np.full((len(frames), len(JOINTS), 2), np.nan, np.float32)
    confidence, truth = np.zeros(estimate.shape[:2], np.float32), np.full_like(estimate, np.nan)
    estimate[rows], confidence[rows], truth[rows] = points, scores, targets
    for row in np.setdiff1d(np.arange(len(frames)), rows):
        before, after = rows[rows < row][-1], rows[rows > row][0]
        share = (row - before) / (after - before)
        estimate[row] = (1 - share) * estimate[before] + share * estimate[after]
    weight = np.isfinite(truth).all(axis=2).astype(np.float32)
    truth, weight, estimate, confidence = (array[:, _ORDER] for array in (truth, weight, estimate, confidence))
    return PoseSequence(name, np.nan_to_num(truth), weight, fps, estimate, group, confidence)


register_source('posetrack', load_posetrack)
