"""Throughput of a batch with one worker and with two, whose models are loaded already."""

import tempfile
from pathlib import Path
from typing import Iterator

from tools.research.benchmarks.figures import Figure, median_ratio
from tools.research.benchmarks.settings import Settings
from tools.research.benchmarks.taking_turns import take_turns

VIDEOS, FRAMES = 4, 40


def measure(settings: Settings) -> Iterator[Figure]:
    """Frames a second of both, and their ratio."""
    from pipeline.assets import fetch
    from pipeline.batch import BatchSettings, LocalCrew, Video
    from pipeline.batch.tasks import Whole
    from pipeline.options import OutputOptions

    clip = str(fetch('sample-clip'))
    with tempfile.TemporaryDirectory() as folder:
        batch = BatchSettings('embedded', outputs=OutputOptions(Path(folder), end=f'{FRAMES}f'))
        crews = {size: LocalCrew(batch, size) for size in (1, 2)}

        def run(crew):
            waiting = [Whole(Video(clip, f'{crew.size}-{i}'), force=True) for i in range(VIDEOS)]
            open_tasks = 0
            while waiting or open_tasks:
                while waiting and crew.free:
                    crew.submit(waiting.pop())
                    open_tasks += 1
                for _, outcome in crew.wait():
                    open_tasks -= 1
                    if outcome.error:
                        raise RuntimeError(outcome.error)

        try:
            seconds = take_turns(
                {size: (lambda crew=crew: run(crew)) for size, crew in crews.items()}, settings.repeats
            )
        finally:
            for crew in crews.values():
                crew.close()
    for size, times in seconds.items():
        yield Figure(
            f'embedded, {VIDEOS} videos of {FRAMES} frames, {size} worker{"s" * (size > 1)}',
            VIDEOS * FRAMES / sorted(times)[len(times) // 2],
            'fps',
        )
    yield Figure(
        'throughput of two workers over one',
        median_ratio(seconds[1], seconds[2]),
        'times',
        note='one worker uses both cores too',
    )
