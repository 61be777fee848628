"""A chain of toys for batch tests: real decoding, tracking, refining and writing; networks that only threshold."""

import os
import signal
import time
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Optional, Tuple

import numpy as np

from pipeline.errors import InputError
from pipeline.options import OutputOptions
from pipeline.pipeline import VideoPipeline
from pipeline.refine import build_refiner
from pipeline.skeletons import load_skeleton
from pipeline.tracking import PoseTracker
from pipeline.types import Detections, People, VideoInfo
from pipeline.video import VideoWriter


def write_video(path: Path, frames: int, seed: int = 0, size=(96, 64), **options) -> Path:
    """A bright block that wanders over grey noise."""
    rng = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with VideoWriter(path, VideoInfo(path.stem, *size, Fraction(25)), force=True, threads=1, **options) as writer:
        for i in range(frames):
            image = rng.integers(30, 60, (size[1], size[0], 3), dtype=np.uint8)
            x = 10 + i % 60 + rng.integers(0, 2)
            image[15:45, x : x + 20] = 230
            writer.write(image, i / 25)
    return path


class ToyDetector:
    """The box of all bright pixels; remembers the groups of frames it was given."""

    def __init__(self, trap: Optional[Path] = None, patience: int = 0):
        self.trap, self.patience, self.groups = trap, patience, []

    def detect(self, frames):
        while self.trap and self.trap.exists() and len(self.groups) >= self.patience:
            kind = self.trap.read_text()
            if kind == 'once':
                self.trap.unlink()
            if kind != 'hang':
                os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(0.02)
        self.groups.append([frame.index for frame in frames])
        return [self._box(frame.image) for frame in frames]

    @staticmethod
    def _box(image):
        y, x = np.nonzero(image[..., 0] > 150)
        if not len(x):
            return Detections.empty()
        return Detections(np.array([[x.min(), y.min(), x.max(), y.max()]], np.float32), np.full(1, 0.9, np.float32))


class ToyEstimator:
    """Joints spread over the box, shaken by the mean brightness of the frames around."""

    def __init__(self, frame_offsets: Tuple[int, ...] = (0,)):
        self.frame_offsets, self.skeleton = frame_offsets, load_skeleton('coco')
        self.spots = np.random.default_rng(1).random((17, 2))

    def estimate(self, windows, detections):
        return [
            self._pose([frame.image.mean() for frame in window], found) for window, found in zip(windows, detections)
        ]

    def _pose(self, means, found):
        corner, size = found.bboxes[:, None, :2], found.bboxes[:, None, 2:] - found.bboxes[:, None, :2]
        weights = np.arange(1, len(means) + 1)
        points = corner + size * self.spots + np.dot(weights, means) % 1
        return People(found.bboxes, found.scores, points.astype(np.float32), np.full((len(found), 17), 0.9, np.float32))


@dataclass(frozen=True)
class ToySettings:
    """Like :class:`pipeline.batch.BatchSettings`.

    A file ``trap`` kills whoever detects more than ``patience`` frames, ``once`` or
    always, or lets them ``hang``, as the file says.
    """

    outputs: OutputOptions
    refiner: str = 'none'
    batch: int = 1
    frame_offsets: Tuple[int, ...] = (0,)
    detect_every: int = 1
    trap: Optional[Path] = None
    patience: int = 0
    broken: str = ''
    note: dict = field(default_factory=dict)

    def build(self, device=None) -> VideoPipeline:
        if self.broken:
            raise InputError(self.broken)
        estimator = ToyEstimator(self.frame_offsets)
        return VideoPipeline(
            ToyDetector(self.trap, self.patience),
            estimator,
            PoseTracker(estimator.skeleton.sigmas),
            build_refiner(self.refiner, estimator.skeleton),
            self.detect_every,
            self.batch,
            overlap=False,
            options=dict(preset='toy', **self.note),
        )

    def fingerprint(self) -> str:
        return f'{self.refiner}-{self.batch}-{self.outputs.formats}-{self.outputs.video}'


class InlinePool:
    """One worker in this process."""

    size = 1

    def __init__(self, settings):
        from pipeline.batch.worker import Worker

        self._worker, self._tasks = Worker(settings), []
        self.seen = []

    @property
    def free(self):
        return 1 - len(self._tasks)

    def submit(self, task):
        self._tasks.append(task)

    def wait(self):
        task = self._tasks.pop()
        self.seen.append(task)
        return [(task, self._worker.run(task))]

    def close(self):
        self._tasks.clear()
