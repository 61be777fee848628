"""Tracks made by hand: two people on known paths, recorded as the chain would record them."""

from fractions import Fraction

import numpy as np

from pipeline.corrections import Table
from pipeline.refine import build_refiner
from pipeline.skeletons import Skeleton
from pipeline.types import Frame, FrameResult, People, VideoInfo

BODY = Skeleton(
    'body',
    ('nose', 'left_hip', 'right_hip'),
    ((0, 1), (0, 2)),
    (0, 2, 1),
    np.full(3, 0.05, np.float32),
    ('', 'left', 'right'),
)
FPS, COUNT = 30, 300
REFINER = {'type': 'gaussian', 'sigma': 2.0}


def path(person, count=COUNT):
    """``(T, 3, 2)`` px: joints apart from each other, on curves of their own."""
    t = np.arange(count)[:, None] / FPS
    middle = np.hstack([100 + 200 * person + 40 * np.sin(2 * t + person), 150 + 20 * np.cos(3 * t)])
    return (middle[:, None] + np.array([[0, -40], [15, 0], [-15, 0]])).astype(np.float32)


def recorded(tracks, missing=(), options=None):
    """The table that the chain would have written.

    Args:
        tracks: by id ``(T, 3, 2)`` px, before the refiner.
        missing: pairs of id and frame where a person was not found.
        options: of the run.
    """
    options = options or {'refiner': REFINER}
    count = len(next(iter(tracks.values())))
    frames, times = np.arange(count), np.arange(count) / FPS
    picture = np.zeros((480, 640, 3), np.uint8)

    def results():
        for i in range(count):
            ids = [person for person in tracks if (person, i) not in missing]
            raw = np.stack([tracks[person][i] for person in ids]) if ids else np.zeros((0, 3, 2), np.float32)
            boxes = np.concatenate([raw.min(axis=1), raw.max(axis=1)], axis=1) if ids else np.zeros((0, 4), np.float32)
            scores = np.full((len(ids), 3), 0.8, np.float32)
            people = People(boxes, np.full(len(ids), 0.9, np.float32), raw, scores, np.array(ids, np.int64))
            yield FrameResult(Frame(i, i / FPS, picture), people)

    refiner = build_refiner(options['refiner'], BODY, 'cpu')
    people = [result.people for result in refiner.stream(results())]
    video = VideoInfo('clip', 640, 480, Fraction(FPS), count)
    return Table.from_people(BODY, frames, times, people, video=video, run={'options': options})


def track(table, person):
    """Positions, refined keypoints and ``filled`` of a person."""
    mine = table.track_ids == person
    return table.position[mine], table.keypoints[mine], table.filled[mine]
