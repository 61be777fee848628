"""How torch's threads wait for each other.

The OpenMP runtime in torch's builds spins while it waits. That is a gain on an idle
machine, but where another process wants the cores, each of the thousand small
parallel regions of a forward pass waits for a thread that is not scheduled, while the
others burn their time slices. Measured on 2 cores beside a busy machine, RTMDet-nano and a
small estimator on 24 frames: more than 100 s with 2 spinning threads, 3.5 s with 2
sleeping ones, 2.1 s with 1.
"""
import os

VARIABLE = 'OMP_WAIT_POLICY'


def install() -> None:
    """Ask OpenMP to sleep while it waits, unless the user has said otherwise."""
    if VARIABLE in os.environ:
        return
    os.environ[VARIABLE] = 'PASSIVE'
