"""People who walk through an empty picture: tracker, refiner and renderer without any network before them.

Shows how cost grows with people, and that memory does not grow with time.
"""
import math
import resource
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Iterator

import numpy as np

from pipeline.benchmarks.figures import Figure
from pipeline.benchmarks.settings import Settings
from pipeline.types import Frame, FrameResult, People, VideoInfo

COUNTS = (10, 30, 100)
#: Cost per person in a crowd of 100 over that in a group of 10. Linear is 1.
TARGET = 1.25
FRAMES = 120
FPS = 30
_WIDTH, _HEIGHT = 1920, 1080
# a standing figure in units of its height, COCO's order: face, shoulders, elbows, wrists, hips, knees, ankles
_FIGURE = np.array([[0, -.44], [.02, -.46], [-.02, -.46], [.04, -.45], [-.04, -.45], [.11, -.33], [-.11, -.33],
                    [.14, -.17], [-.14, -.17], [.15, -.02], [-.15, -.02], [.07, 0], [-.07, 0], [.08, .22], [-.08, .22],
                    [.08, .45], [-.08, .45]])


def walk(people: int, time: float, generator: np.random.Generator) -> People:
    """``people`` figures on their lanes at ``time`` (s), with a pixel of noise; every score is 0.9."""
    columns = math.ceil(math.sqrt(2 * people))
    place = np.arange(people)
    height = 0.8 * _HEIGHT / math.ceil(people / columns)
    x = (place % columns + 0.5) * _WIDTH / columns + 0.2 * height * np.sin(time + place)
    y = (place // columns + 0.5) * _HEIGHT / math.ceil(people / columns)
    keypoints = np.stack([x, y], 1)[:, None] + height * _FIGURE + generator.normal(size=(people, 17, 2))
    keypoints = keypoints.astype(np.float32)
    boxes = np.concatenate([keypoints.min(1) - 5, keypoints.max(1) + 5], axis=1)
    return People(boxes, np.full(people, 0.9, np.float32), keypoints, np.full((people, 17), 0.9, np.float32))


def measure(settings: Settings) -> Iterator[Figure]:
    """Milliseconds a frame for every count and link, and per person."""
    costs = {}
    for people in COUNTS:
        best = min((_run(people) for _ in range(settings.repeats)), key=sum)
        costs[people] = 1000 * sum(best) / FRAMES
        parts = ', '.join(f'{link} {1000 * seconds / FRAMES:.2f}'
                          for link, seconds in zip(('track', 'refine', 'draw'), best))
        yield Figure(f'{people} people: track, refine and draw', costs[people], 'ms/frame', note=parts)
    yield Figure('cost per person, 100 people over 10', costs[100] / costs[10] / 10, 'times', at_most=TARGET)


def _run(people: int):
    """Seconds in tracker, refiner and renderer."""
    from pipeline.refine import build_refiner
    from pipeline.render import Renderer, RenderOptions
    from pipeline.tracking import PoseTracker
    skeleton = _coco()
    tracker, refiner = PoseTracker(skeleton.sigmas), build_refiner('hanet', skeleton)
    renderer = Renderer(skeleton, RenderOptions(), Fraction(FPS))
    generator, picture = np.random.default_rng(0), np.zeros((_HEIGHT, _WIDTH, 3), np.uint8)
    seconds = np.zeros(3)
    for i in range(FRAMES):
        found = walk(people, i / FPS, generator)
        clock = [time.perf_counter()]
        found = tracker.update(found, i / FPS, (_WIDTH, _HEIGHT))
        clock.append(time.perf_counter())
        final = refiner.push(FrameResult(Frame(i, i / FPS, picture), found))
        clock.append(time.perf_counter())
        for result in final:
            renderer.draw(result.frame.image, result.people, in_place=True)
        clock.append(time.perf_counter())
        seconds += np.diff(clock)
    return seconds


def soak(settings: Settings) -> Iterator[Figure]:
    """Memory over a stream of 100,000 frames of two people, tracked, refined and written as JSON."""
    from pipeline.export import open_exporter
    from pipeline.export.run_info import RunInfo
    from pipeline.refine import build_refiner
    from pipeline.tracking import PoseTracker
    skeleton, frames = _coco(), settings.soak_frames
    tracker, refiner = PoseTracker(skeleton.sigmas), build_refiner('hanet', skeleton)
    generator, given, early = np.random.default_rng(0), 0, 0.0
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        info = VideoInfo('soak', 64, 36, Fraction(FPS))
        with open_exporter('json', Path(folder) / 'soak_poses.json', RunInfo(), skeleton, info) as exporter:
            for i in range(frames):
                # whoever leaves comes back as somebody else after a minute
                people = walk(2 if i % (60 * FPS) < 55 * FPS else 0, i / FPS, generator)
                people = tracker.update(people, i / FPS, (_WIDTH, _HEIGHT))
                for result in refiner.push(FrameResult(Frame(i, i / FPS, np.zeros((36, 64, 3), np.uint8)), people)):
                    exporter.write(result.frame.index, result.frame.time, result.people)
                    given += 1
                if i == frames // 10:
                    early = _resident()
            for result in refiner.flush():
                exporter.write(result.frame.index, result.frame.time, result.people)
                given += 1
    name = f'stream of {frames:,} frames without networks'
    yield Figure(f'{name}: frames that came out', given, 'frames', at_least=frames)
    yield Figure(f'{name}: speed', frames / (time.perf_counter() - begin), 'fps')
    yield Figure(f'{name}: growth of the peak memory after the first tenth', _resident() - early, 'MB', at_most=20)


def _coco():
    from pipeline.estimation.metainfo import find_metainfo
    from pipeline.openmmlab import load_config
    from pipeline.skeletons import Skeleton
    config = 'mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_res50_8xb64-210e_coco-256x192.py'
    return Skeleton.from_parsed(find_metainfo(load_config(config), {}))


def _resident() -> float:
    """Peak resident memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
