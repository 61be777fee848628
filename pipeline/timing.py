"""Profile the stages: seconds spent in each, measured from outside."""

import time
from collections import defaultdict
from contextlib import contextmanager
from threading import Lock, local
from typing import Dict, Iterable, Iterator, List, Optional, Tuple


class Clock:
    """Adds up wall time by stage, from any number of threads.

    Stages pull from each other, so one runs inside another. Time counts for the
    innermost only: a stage is not charged for what its upstream does meanwhile.
    """

    def __init__(self):
        self.seconds: Dict[str, float] = defaultdict(float)
        self._lock = Lock()
        self._running = local()

    @contextmanager
    def __call__(self, stage: Optional[str]) -> Iterator[None]:
        """Count the time in the body of ``with`` for ``stage``; None: for nobody, such as waiting for a queue."""
        stack: List[Tuple[Optional[str], float]] = self._running.__dict__.setdefault('stack', [])
        now = time.perf_counter()
        if stack:
            self._charge(stack[-1], now)
        stack.append((stage, now))
        try:
            yield
        finally:
            now = time.perf_counter()
            self._charge(stack.pop(), now)
            if stack:
                stack[-1] = (stack[-1][0], now)

    def around(self, stage: Optional[str], items: Iterable) -> Iterator:
        """Iterate over ``items``; the time that they take to come counts for ``stage``."""
        iterator = iter(items)
        try:
            while True:
                with self(stage):
                    item = next(iterator, self)
                if item is self:
                    return
                yield item
        finally:
            if hasattr(iterator, 'close'):
                iterator.close()

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

    def _charge(self, running: Tuple[Optional[str], float], now: float) -> None:
        stage, since = running
        if stage is not None:
            with self._lock:
                self.seconds[stage] += now - since
