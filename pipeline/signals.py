"""Signals that end a command: SIGTERM and SIGHUP as Ctrl-C does, and none in the middle of what must be whole."""

import signal
import threading
from contextlib import contextmanager
from typing import Iterator, List

_INTERRUPT = signal.SIGINT
_OTHERS = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def as_interrupts() -> Iterator[None]:
    """Within the block, the first SIGTERM or SIGHUP raises KeyboardInterrupt; later ones change nothing.

    A terminal that is closed sends several, and what ends in good order must not be disturbed. Signals that are
    ignored already (``nohup``) stay so.
    """
    came: List[int] = []

    def interrupt(number, frame) -> None:
        if not came:
            came.append(number)
            raise KeyboardInterrupt

    with _handled(_OTHERS, interrupt):
        yield


@contextmanager
def postponed() -> Iterator[None]:
    """Signals that end a command wait until the block has ended; a second Ctrl-C does not."""
    came: List[int] = []

    def note(number, frame) -> None:
        if number == _INTERRUPT and number in came:
            raise KeyboardInterrupt
        came.append(number)

    try:
        with _handled((_INTERRUPT, *_OTHERS), note):
            yield
    finally:
        if came:
            signal.raise_signal(came[0])


def leave_to_parent() -> None:
    """In a worker: what a terminal or a supervisor sends to the whole group is the parent's business."""
    for number in (_INTERRUPT, *_OTHERS):
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def _handled(numbers, handler) -> Iterator[None]:
    """``handler`` for those of the signals that are not ignored; only the main thread gets signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in numbers}
    before = {number: old for number, old in before.items() if old not in (signal.SIG_IGN, None)}
    try:
        for number in before:
            signal.signal(number, handler)
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
