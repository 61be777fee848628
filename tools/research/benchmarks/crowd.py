"""People who walk through an empty picture: tracker, refiner and renderer without any network before them.

Shows how cost grows with people.
"""

import math
import time
from fractions import Fraction
from typing import Iterator

import numpy as np

from pipeline.skeletons import load_skeleton
from pipeline.types import Frame, FrameResult, People
from tools.research.benchmarks.figures import Figure
from tools.research.benchmarks.settings import Settings

COUNTS = (10, 30, 100)
#: Cost per person in a crowd of 100 over that in a group of 10. Linear is 1.
TARGET = 1.25
FRAMES = 120
FPS = 30
_WIDTH, _HEIGHT = 1920, 1080
# a standing figure in units of its height, COCO's order: face, shoulders, elbows, wrists, hips, knees, ankles
_FIGURE = np.array(
    [
        [0, -0.44],
        [0.02, -0.46],
        [-0.02, -0.46],
        [0.04, -0.45],
        [-0.04, -0.45],
        [0.11, -0.33],
        [-0.11, -0.33],
        [0.14, -0.17],
        [-0.14, -0.17],
        [0.15, -0.02],
        [-0.15, -0.02],
        [0.07, 0],
        [-0.07, 0],
        [0.08, 0.22],
        [-0.08, 0.22],
        [0.08, 0.45],
        [-0.08, 0.45],
    ]
)


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
        parts = ', '.join(
            f'{link} {1000 * seconds / FRAMES:.2f}' for link, seconds in zip(('track', 'refine', 'draw'), best)
        )
        yield Figure(f'{people} people: track, refine and draw', costs[people], 'ms/frame', note=parts)
    yield Figure('cost per person, 100 people over 10', costs[100] / costs[10] / 10, 'times', at_most=TARGET)


def _run(people: int):
    """Seconds in tracker, refiner and renderer."""
    from pipeline.refine import build_refiner
    from pipeline.render import Renderer, RenderOptions
    from pipeline.tracking import PoseTracker

    skeleton = load_skeleton('coco')
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
