"""How many processor cores this process may use."""
import os


def available_cores() -> int:
    """1 or more; fewer than the machine has where the process is confined to some (``taskset``, containers' sets)."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
