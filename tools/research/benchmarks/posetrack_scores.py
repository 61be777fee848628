"""How long the scores of a PoseTrack validation set take: 170 sequences of 70 frames with 10 people."""

import statistics
import tempfile
import time
from pathlib import Path
from typing import Iterator

import numpy as np

from pipeline.posetrack import PoseFrame, PoseSequence, pair_folders, save_sequence, score_sequences
from tools.research.benchmarks.figures import Figure
from tools.research.benchmarks.settings import Settings

SEQUENCES, FRAMES, PEOPLE = 170, 70, 10
SHARE = 20  # one sequence of so many is made and scored
TARGET = 60.0  # s of processor time for the whole set


def measure(settings: Settings) -> Iterator[Figure]:
    """Processor time of AP and MOTA in both layouts, and of HOTA and IDF1 too, for the whole set."""
    for layout in (17, 18):
        with tempfile.TemporaryDirectory() as folder:
            make_set(Path(folder), layout, SEQUENCES // SHARE)
            for identity, names, target in ((False, 'AP and MOTA', TARGET), (True, 'AP, MOTA, HOTA and IDF1', None)):
                seconds = []
                for _ in range(settings.repeats):
                    begin = time.process_time()
                    pairs = pair_folders(Path(folder, 'gt'), Path(folder, 'pred'))
                    score_sequences(pairs, tracking=True, identity=identity)
                    seconds.append(time.process_time() - begin)
                whole = statistics.median(seconds) * SEQUENCES / (SEQUENCES // SHARE)
                name = f'{names} of a validation set, PoseTrack{layout}'
                yield Figure(name, whole, 's', at_most=target, note=f'from {SEQUENCES // SHARE} sequences')


def make_set(folder: Path, layout: int, sequences: int, frames: int = FRAMES, people: int = PEOPLE) -> None:
    """Invent annotations (``gt``) and predictions (``pred``) of people who walk straight on.

    One joint of ten is not annotated, one person of fourteen not found, points are off by
    8 px (standard deviation), and in a fifth of the frames track ids are shuffled.
    """
    rng = np.random.default_rng(0)
    for number in range(sequences):
        name = f'{number + 1:06d}_mpii_test'
        start, step = rng.uniform(0, 1500, (people, 1, 2)), rng.normal(0, 4, (people, 1, 2))
        shape = rng.normal(0, 40, (people, 15, 2))
        heads = np.tile([0.0, 0, 40, 40], (people, 1))
        annotated, predicted = [], []
        for index in range(frames):
            truth = np.round(start + step * index + shape, 2)
            labels = np.where(rng.random((people, 15, 1)) < 0.9, truth, np.nan)
            found = np.flatnonzero(rng.random(people) < 0.93)
            ids = rng.permutation(people) if rng.random() < 0.2 else np.arange(people)
            points, scores = truth + rng.normal(0, 8, truth.shape), rng.random((people, 15))
            for kept, rows, values, confidence, tracks in (
                (annotated, np.arange(people), labels, np.full((people, 15), -9999.0), np.arange(people)),
                (predicted, found, points, scores, ids),
            ):
                kept.append(
                    PoseFrame(
                        f'images/val/{name}/{index:06d}.jpg',
                        values[rows],
                        np.ones((len(rows), 15), bool),
                        confidence[rows],
                        heads[rows],
                        tracks[rows],
                    )
                )
        for part, kept in (('gt', annotated), ('pred', predicted)):
            save_sequence(PoseSequence(name, kept), folder / part / f'{name}.json', layout)
