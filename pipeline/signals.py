"""Signals that end a command: SIGTERM and SIGHUP as Ctrl-C does, and none in the middle of what must be whole."""

import _thread
import signal
import sys
import threading
import time
from contextlib import contextmanager
from typing import Any, Callable, Iterator, List

_INTERRUPT = signal.SIGINT
_OTHERS = (signal.SIGTERM, signal.SIGHUP)
_PAUSE = 0.05  # seconds after which an interrupt that Python dropped is raised again


@contextmanager
def as_interrupts() -> Iterator[None]:
    """Within the block, the first SIGTERM or SIGHUP raises KeyboardInterrupt; later ones change nothing.

    A terminal that is closed sends several, and what ends in good order must not be disturbed. Signals that are
    ignored already (``nohup``) stay so. An interrupt that Python only prints, because it was raised in a callback or a
    ``__del__``, is raised again a moment later, that of Ctrl-C too.
    """
    came: List[int] = []

    def interrupt(number, frame) -> None:
        if not came:
            came.append(number)
            raise KeyboardInterrupt

    with _handled(_OTHERS, interrupt), _again(lambda: came.pop() if came else _INTERRUPT):
        yield


@contextmanager
def _again(dropped: Callable[[], int]) -> Iterator[None]:
    """Within the block, a KeyboardInterrupt that went to ``sys.unraisablehook`` is raised anew.

    Args:
        dropped: the signal to send for it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before, lock, over = sys.unraisablehook, threading.Lock(), threading.Event()

    def send(number: int) -> None:
        time.sleep(_PAUSE)  # by then the callback has returned; if not, it comes here again
        with lock:  # whoever handles the signal after the block may take it for the end of the process
            if not over.is_set():
                signal.pthread_kill(_main_thread(), number)

    def hook(ignored: Any) -> None:
        if issubclass(ignored.exc_type, KeyboardInterrupt):
            _thread.start_new_thread(send, (dropped(),))  # without locks of ``threading``, which may be held now
        else:
            before(ignored)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        with lock:
            over.set()
        sys.unraisablehook = before


def _main_thread() -> int:
    number = threading.main_thread().ident
    assert number is not None  # it is running
    return number


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
