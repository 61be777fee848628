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
        """A readable profile: milliseconds per frame and share of the wall time."""
        rows = [f'{stage:<10}{1000 * seconds / max(frames, 1):9.2f} ms/frame{100 * seconds / max(wall, 1e-9):7.1f} %'
                for stage, seconds in self.seconds.items()]
        total = f'{"wall":<10}{1000 * wall / max(frames, 1):9.2f} ms/frame  (links in threads overlap)'
        return '\n'.join([*rows, total])
