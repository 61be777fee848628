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
    from pipeline.batch import BatchSettings, LocalPool, Video
    from pipeline.batch.tasks import Whole
    from pipeline.options import OutputOptions

    clip = str(fetch('sample-clip'))
    with tempfile.TemporaryDirectory() as folder:
        batch = BatchSettings('embedded', outputs=OutputOptions(Path(folder), end=f'{FRAMES}f'))
        pools = {size: LocalPool(batch, size) for size in (1, 2)}

        def run(pool):
            waiting = [Whole(Video(clip, f'{pool.size}-{i}'), force=True) for i in range(VIDEOS)]
            open_tasks = 0
            while waiting or open_tasks:
                while waiting and pool.free:
                    pool.submit(waiting.pop())
                    open_tasks += 1
                for _, outcome in pool.wait():
                    open_tasks -= 1
                    if outcome.error:
                        raise RuntimeError(outcome.error)

        try:
            seconds = take_turns(
                {size: (lambda pool=pool: run(pool)) for size, pool in pools.items()}, settings.repeats
            )
        finally:
            for pool in pools.values():
                pool.close()
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
