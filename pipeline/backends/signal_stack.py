"""Keep OpenVINO from leaving a thread's signals with a stack that is gone.

On processors with AMX, OpenVINO 2026.4 gives the thread that runs a network an alternate signal stack, and takes
it back when that network goes. Of two networks that go in the order in which they came, the second one
restores the stack of the first, which has been freed: the next signal, a Ctrl-C say, ends in SIGSEGV.
"""

import ctypes
import sys
from contextlib import contextmanager
from typing import Iterator, Optional


class _Stack(ctypes.Structure):
    """``stack_t`` of <signal.h> on Linux."""

    _fields_ = [('address', ctypes.c_void_p), ('flags', ctypes.c_int), ('size', ctypes.c_size_t)]


def _system() -> Optional[ctypes.CDLL]:
    system = ctypes.CDLL(None) if sys.platform == 'linux' else None
    return system if hasattr(system, 'sigaltstack') else None


_SYSTEM = _system()


@contextmanager
def signal_stack_kept() -> Iterator[None]:
    """What the block does to this thread's alternate signal stack is undone at its end. Linux only."""
    if _SYSTEM is None:
        yield
        return
    before = _Stack()
    known = _SYSTEM.sigaltstack(None, ctypes.byref(before)) == 0
    try:
        yield
    finally:
        if known:
            _SYSTEM.sigaltstack(ctypes.byref(before), None)
