"""How torch's threads wait for each other.

The OpenMP runtime in torch's builds spins while it waits. That is a gain on an idle
machine, but where another process wants the cores, each of the thousand small
parallel regions of a forward pass waits for a thread that is not scheduled, while the
others burn their time slices. Measured on 2 cores at a load of 10, RTMDet-nano and a small
estimator with 2 threads: 7.4 s a frame while they spin, 0.4 s while they sleep.
"""
import os

VARIABLE = 'OMP_WAIT_POLICY'


def install() -> None:
    """Ask OpenMP to sleep while it waits, unless the user has said otherwise."""
    if VARIABLE in os.environ:
        return
    os.environ[VARIABLE] = 'PASSIVE'
