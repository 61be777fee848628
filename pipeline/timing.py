"""Where the time goes: seconds spent in each link."""

import time
from collections import defaultdict
from contextlib import contextmanager
from threading import Lock
from typing import Dict, Iterable, Iterator


class Clock:
    """Adds up wall time by stage, from any number of threads."""

    def __init__(self):
        self.seconds: Dict[str, float] = defaultdict(float)
        self._lock = Lock()

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            with self._lock:
                self.seconds[stage] += time.perf_counter() - start

    def around(self, stage: str, items: Iterable) -> Iterator:
        """Iterate over ``items``; the time that they take to come counts for ``stage``."""
        iterator = iter(items)
        while True:
            with self(stage):
                item = next(iterator, self)
            if item is self:
                return
            yield item

    def table(self, frames: int, wall: float) -> str:
        """A readable profile: the stages, costliest first, with their share of the wall time.

        Stages that run in threads of their own overlap, so shares may add up to more than 100 %: the longest
        bar is what the others wait for.
        """
        frames, wall = max(frames, 1), max(wall, 1e-9)
        lines = [f'{"stage":<10}{"ms/frame":>10}{"of wall":>9}']
        for stage, seconds in sorted(self.seconds.items(), key=lambda item: -item[1]):
            share = seconds / wall
            lines.append(f'{stage:<10}{1000 * seconds / frames:>10.2f}{100 * share:>7.1f} %  {"█" * round(30 * share)}')
        lines.append(f'{"wall":<10}{1000 * wall / frames:>10.2f}{100.0:>7.1f} %  {frames / wall:.1f} frames per second')
        return '\n'.join(line.rstrip() for line in lines)
