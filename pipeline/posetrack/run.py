"""A PoseTrack split through the chain into prediction files, sequence by sequence.

Every sequence leaves four files, so that a run can go on where it stopped:
``raw`` (before the refiner) and ``refined``, each as ``poses`` (all joints, for
AP) and ``tracks`` (sure joints only, for MOTA, where a wrong joint costs as much
as a missing one).
"""

import json
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence

import numpy as np

from pipeline.errors import InputError
from pipeline.files import atomic_path
from pipeline.formats.posetrack_joints import PoseTrackJoints
from pipeline.posetrack import (
    JOINTS,
    JOINTS18,
    PoseFrame,
    PoseSequence,
    load_sequence,
    pair_frames,
    save_sequence,
    score_sequences,
)
from pipeline.posetrack.release import Release
from pipeline.types import Detections, Frame, People
from pipeline.video.image_sequence import ImageSequence

STAGES = ('raw', 'refined')
TASKS = ('poses', 'tracks')
_COLUMNS = [JOINTS18.index(joint) for joint in JOINTS]


@dataclass(frozen=True)
class RunOptions:
    """What a run depends on; kept beside its files, so that no two runs are mixed.

    Attributes:
        preset: of :meth:`pipeline.VideoPipeline.from_preset`.
        refiner: in place of the preset's, if given.
        refiner_checkpoint: weights for it, in place of the default ones.
        boxes: ``detected``, or ``annotated`` for the extents of the annotated joints.
        fps: frames per second of the images, which tracker and refiner count in.
        track_score: joints below it are left out of ``tracks`` (0..1).
        chain: further options of ``from_preset``.
    """

    preset: str
    refiner: Optional[str] = None
    refiner_checkpoint: Optional[str] = None
    boxes: str = 'detected'
    fps: int = 25
    track_score: float = 0.3
    chain: Dict[str, Any] = field(default_factory=dict)


class AnnotatedBoxes:
    """In place of a detector: the boxes of a sequence's annotated people."""

    def __init__(self, sequence: PoseSequence):
        self._boxes = [_extents(frame) for frame in sequence.frames]

    def detect(self, frames: Sequence[Frame]) -> List[Detections]:
        """The annotated people of each frame, with score 1."""
        return [Detections(self._boxes[f.index], np.ones(len(self._boxes[f.index]), np.float32)) for f in frames]


def run_split(
    release: Release, split: str, options: RunOptions, out_dir: Path, devices: Sequence[str] = ('auto',)
) -> Iterator[str]:
    """Predict all sequences of a split that ``out_dir`` does not hold yet.

    Args:
        release: where the images and annotations are.
        split: ``train``, ``val`` or ``test``.
        options: see :class:`RunOptions`.
        out_dir: folder for the prediction files.
        devices: one process per entry; sequences go to whichever is free.

    Yields:
        the name of each sequence when it is done.

    Raises:
        InputError: if ``out_dir`` holds another run, or images are missing.
    """
    _claim(out_dir, options)
    waiting = [path for path in release.splits[split] if not all(f.is_file() for f in _targets(out_dir, path))]
    if len(devices) == 1:
        worker = _Worker(options, devices[0])
        for path in waiting:
            yield worker.predict(path, release, out_dir)
        return
    context = get_context('spawn')
    queue = context.Queue()
    for device in devices:
        queue.put(device)
    with ProcessPoolExecutor(len(devices), context, _start_worker, (options, queue)) as pool:
        jobs = [pool.submit(_predict, path, release, out_dir) for path in waiting]
        try:
            for job in as_completed(jobs):
                yield job.result()
        finally:
            pool.shutdown(cancel_futures=True)


def score_run(release: Release, split: str, out_dir: Path) -> Dict[str, Dict[str, Any]]:
    """Scores of ``raw`` and ``refined``, each as :func:`score_sequences` gives them.

    AP, precision and recall are those of ``poses``; what is about tracks is that of ``tracks``.
    """
    truths = [load_sequence(path, release.number) for path in release.splits[split]]
    scores = {}
    for stage in STAGES:
        folders = [out_dir / stage / task for task in TASKS]
        poses, tracks = (
            [pair_frames(truth, load_sequence(folder / Path(truth.path).name)) for truth in truths]
            for folder in folders
        )
        scores[stage] = score_sequences(poses)
        tracked = score_sequences(tracks, tracking=True)
        scores[stage].update({name: tracked[name] for name in tracked if name not in scores[stage]})
        scores[stage]['joints'].update(
            {name: values for name, values in tracked['joints'].items() if name not in scores[stage]['joints']}
        )
    return scores


def predict_sequence(pipeline, truth: PoseSequence, root: Path, options: RunOptions) -> Dict[str, PoseSequence]:
    """Run the chain over a sequence's images.

    Returns:
        ``{'raw': ..., 'refined': ...}`` with all joints, scores being joint times box score.

    Raises:
        InputError: if an image is missing or cannot be read.
    """
    paths = [root / frame.image for frame in truth.frames]
    for path in paths:
        if not path.is_file():
            raise InputError(f'{path}: no such image, but {truth.path} names it')
    if options.boxes == 'annotated':
        pipeline.detector, pipeline.detect_every = AnnotatedBoxes(truth), 1
    joints = PoseTrackJoints(pipeline.skeleton)
    frames: Dict[str, List[PoseFrame]] = {
        stage: [PoseFrame.from_people(frame.image, []) for frame in truth.frames] for stage in STAGES
    }
    with ImageSequence(truth.name, paths, fps=options.fps) as source:
        for result in pipeline.results(source):
            image, people = truth.frames[result.frame.index].image, result.people
            found = people[~people.filled]
            frames['raw'][result.frame.index] = _pose_frame(image, found, found.keypoints_raw, joints)
            frames['refined'][result.frame.index] = _pose_frame(image, people, people.keypoints, joints)
    return {stage: PoseSequence(truth.name, frames[stage]) for stage in STAGES}


def only_sure(sequence: PoseSequence, least: float) -> PoseSequence:
    """Without joints whose score is below ``least``."""
    return PoseSequence(sequence.name, [frame.without_joints(frame.scores < least) for frame in sequence.frames])


class _Worker:
    """A chain on one device."""

    def __init__(self, options: RunOptions, device: str):
        from pipeline.pipeline import VideoPipeline

        self._options = options
        refiner = options.refiner
        if options.refiner_checkpoint:
            refiner = dict(type=refiner or 'hanet', checkpoint=options.refiner_checkpoint)
        self._pipeline = VideoPipeline.from_preset(options.preset, device, refiner=refiner, **options.chain)

    def predict(self, path: Path, release: Release, out_dir: Path) -> str:
        truth = load_sequence(path, release.number)
        for stage, sequence in predict_sequence(self._pipeline, truth, release.root, self._options).items():
            for task in TASKS:
                chosen = only_sure(sequence, self._options.track_score) if task == 'tracks' else sequence
                save_sequence(chosen, out_dir / stage / task / path.name, release.number, force=True)
        return truth.name


def _start_worker(options: RunOptions, queue) -> None:
    global _worker
    _worker = _Worker(options, queue.get())


def _predict(path: Path, release: Release, out_dir: Path) -> str:
    return _worker.predict(path, release, out_dir)


def _targets(out_dir: Path, path: Path) -> List[Path]:
    return [out_dir / stage / task / path.name for stage in STAGES for task in TASKS]


def _claim(out_dir: Path, options: RunOptions) -> None:
    """Write the options to ``run.json``, or see that they are the ones there."""
    record, wanted = out_dir / 'run.json', json.loads(json.dumps(asdict(options)))
    if not record.exists():
        with atomic_path(record) as temporary:
            temporary.write_text(json.dumps(wanted, indent=2) + '\n', encoding='utf-8')
        return
    try:
        found = json.loads(record.read_text(encoding='utf-8'))
    except (OSError, ValueError) as error:
        raise InputError(f'{record}: cannot be read ({error})') from error
    different = [name for name in wanted if found.get(name) != wanted[name]]
    if different:
        name = different[0]
        raise InputError(
            f'{out_dir}: holds a run with {name} {found.get(name)!r}, not {wanted[name]!r}; choose another folder'
        )


def _pose_frame(image: str, people: People, keypoints: np.ndarray, joints: PoseTrackJoints) -> PoseFrame:
    points, scores = joints.convert(keypoints, people.keypoint_scores)
    points, scores = points[:, _COLUMNS].astype(float), scores[:, _COLUMNS]
    missing = scores <= 0
    points[missing] = np.nan
    scores = np.where(missing, 0.0, scores * people.bbox_scores[:, None])
    return PoseFrame(
        image, points, ~missing, scores, np.full((len(people), 4), np.nan), np.asarray(people.track_ids, np.int64)
    )


def _extents(frame: PoseFrame) -> np.ndarray:
    points = frame.points[frame.present.any(axis=1)]
    if not len(points):
        return np.zeros((0, 4), np.float32)
    return np.concatenate([np.nanmin(points, axis=1), np.nanmax(points, axis=1)], axis=1).astype(np.float32)
