"""Seconds that ten minutes of two people take in every format of pose data."""

import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Iterator, List

import numpy as np

from pipeline.formats import RunInfo, format_named, missing_packages, open_exporter
from pipeline.registry import WRITERS, names
from pipeline.skeletons import load_skeleton
from pipeline.types import Frame, FrameResult, People, VideoInfo
from tools.research.benchmarks.figures import Figure, missing
from tools.research.benchmarks.settings import Settings

FRAMES, PEOPLE, TARGET = 18_000, 2, 20


def measure(settings: Settings) -> Iterator[Figure]:
    """Wall time and bytes of each format of 2D pixels, and the time of all together; libraries are imported before."""
    skeleton = load_skeleton('coco')
    video = VideoInfo('clip', 1920, 1080, Fraction(30), num_frames=FRAMES, path='clip.mp4')
    frames, total, work = _frames(skeleton.num_keypoints), 0.0, 0.0
    for name in names(WRITERS):
        if not getattr(WRITERS.module_dict[name], 'in_all', True):
            continue  # of people in space or in metres
        absent = missing_packages(name)
        if absent:
            yield missing(name, f'{", ".join(absent)} not installed')
            continue
        _export(name, skeleton, video, frames[:2])  # imports
        seconds, busy, size = _export(name, skeleton, video, frames)
        total += seconds
        work += busy
        yield Figure(name, seconds, 's', note=f'{busy:.2f} s of a core, {size / 1e6:.1f} MB')
    yield Figure(
        f'all formats, {FRAMES:,} frames, {PEOPLE} people', total, 's', at_most=TARGET, note=f'{work:.1f} s of a core'
    )


def _export(name: str, skeleton, video: VideoInfo, frames: List[FrameResult]) -> tuple:
    with tempfile.TemporaryDirectory() as folder:
        begin, worked = time.perf_counter(), time.process_time()
        path = Path(folder) / f'clip{format_named(name).suffix}'
        with open_exporter(name, path, RunInfo(), skeleton, video) as exporter:
            for result in frames:
                exporter.write(result)
        seconds, busy = time.perf_counter() - begin, time.process_time() - worked
        return seconds, busy, sum(file.stat().st_size for file in Path(folder).rglob('*') if file.is_file())


def _frames(joints: int) -> List[FrameResult]:
    random = np.random.default_rng(0)
    points = random.uniform(0, 1000, (FRAMES, PEOPLE, joints, 2)).astype(np.float32)
    scores = random.uniform(0.01, 1, (FRAMES, PEOPLE, joints)).astype(np.float32)
    boxes = np.tile(np.array([10, 20, 110, 220], np.float32), (PEOPLE, 1))
    found, ids = np.full(PEOPLE, 0.9, np.float32), np.arange(1, PEOPLE + 1)
    return [
        FrameResult(Frame(t, t / 30, np.zeros((0, 0, 3), np.uint8)), People(boxes, found, points[t], scores[t], ids))
        for t in range(FRAMES)
    ]
