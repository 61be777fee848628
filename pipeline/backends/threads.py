"""Share processor cores among networks; set how torch's threads wait for each other."""

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Iterator, Optional


def available_cores() -> int:
    """1 or more; fewer than the machine has where the process is confined to some (``taskset``, containers' sets)."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def let_threads_sleep() -> None:
    """Ask OpenMP's threads to sleep while they wait, unless the user has said otherwise.

    Has to run before torch is loaded. The OpenMP runtime in torch's builds spins while it
    waits. That is a gain on an idle machine, but where another process wants the cores, each of
    the thousand small parallel regions of a forward pass waits for a thread that is not
    scheduled, while the others burn their time slices. Measured on 2 cores at a load of 10,
    RTMDet-nano and a small estimator with 2 threads: 7.4 s a frame while they spin, 0.4 s while they sleep.
    """
    os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')


#: Parameters from which on an estimator takes so long that the rest hides behind it on fewer cores
#: (HRNet-W32, 28 million: 180 in place of 252 ms a frame on two cores; networks of 45 ms a frame get slower).
LARGE = 20_000_000


@dataclass(frozen=True)
class Shares:
    """How many torch threads each stage's network gets; None leaves the caller's number.

    ==========  ============================  ===========================================
    network     in a thread of its own         with everything in one thread
    ==========  ============================  ===========================================
    detector    half of the cores              the caller's number
    estimator   half; all, if it is large      the caller's number
    refiner     1 (its matrices are small)     1
    ==========  ============================  ===========================================

    The encoder has half of the cores (:class:`pipeline.video.VideoWriter`), OpenVINO's graphs one
    thread for each copy, and as many copies as there are cores.
    """

    detector: Optional[int] = None
    estimator: Optional[int] = None

    @classmethod
    def of(cls, overlap: bool, estimator_parameters: int, everything: int) -> 'Shares':
        """The shares of a chain.

        Args:
            overlap: whether the detector runs in a thread of its own.
            estimator_parameters: number of the estimator's parameters. Chosen by size and not by a
                stopwatch: another number of threads may round differently.
            everything: threads that torch had when the chain was made.
        """
        half = max(1, available_cores() // 2) if overlap else None
        return cls(half, everything if estimator_parameters >= LARGE else half)


@contextmanager
def torch_threads(count: Optional[int]) -> Iterator[None]:
    """Let torch use ``count`` threads for the body of ``with`` (None: as many as before).

    Torch keeps the number per Python thread, so whoever calls a network sets it around the call alone: never
    across a ``yield``, where it would leak into the caller's own code.
    """
    import torch

    before = torch.get_num_threads()
    if count is None or count == before:
        yield
        return
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
