"""Run one input in a fork, and say how it ended: read, refused, or what a watchdog saw."""

import faulthandler
import json
import os
import resource
import select
import signal
import struct
import sys
import time
import traceback
import warnings
from contextlib import contextmanager
from typing import Callable, Iterator, Tuple

from pipeline.errors import InputError

CPU_SECONDS = 20  # for one input, of its own computing, so that a loaded machine is no hang
HANG_SECONDS = 120  # on the clock; then the stack is printed
GROWTH_BYTES = 1_500_000_000  # of memory by one input
_POLL = 0.02
_PAGE = os.sysconf('SC_PAGE_SIZE')
# what no input may make this program do
_FORBIDDEN = ('os.system', 'os.exec', 'os.posix_spawn', 'os.fork', 'subprocess.Popen', 'pickle.find_class')


class Fault(AssertionError):
    """An input did what none may do."""


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep OpenCV and torch from using others, of which a fork has none; afterwards they have theirs again.

    Later tests compare sums with published numbers, and these are rounded otherwise on another number of threads.
    """
    import cv2
    import torch

    before = cv2.getNumThreads(), torch.get_num_threads()
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before[0])
        torch.set_num_threads(before[1])


def watched(function: Callable[[], object], growth: int = 0) -> Tuple[bool, str]:
    """Call ``function`` in a fork.

    Args:
        growth: bytes of memory it may take; :data:`GROWTH_BYTES` if 0.

    Returns:
        Whether it came to an end; or was refused by an :class:`InputError`, with its message.

    Raises:
        Fault: if it raised anything else, died by a signal, took too much time or memory, or called what is forbidden.
    """
    allowed = growth or GROWTH_BYTES
    receive, send = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # Python 3.12 warns of threads, of which the fork uses none
        child = os.fork()
    if not child:
        os.close(receive)
        _run(function, send)
    os.close(send)
    try:
        base, most, answer = _wait(child, receive, allowed)
    finally:
        os.close(receive)
    _, status, used = os.wait4(child, 0)
    most = max(most, 1024 * used.ru_maxrss)
    if most - base > allowed:
        raise Fault(f'{(most - base) / 1e6:.0f} MB for one input')
    if os.WIFSIGNALED(status):
        raise Fault(f'died by {signal.Signals(os.WTERMSIG(status)).name}')
    if not answer:
        raise Fault(f'ended with code {os.waitstatus_to_exitcode(status)} and no answer')
    kind, text = json.loads(answer)
    if kind == 'fault':
        raise Fault(text)
    return kind == 'read', text


def _run(function: Callable, send: int) -> None:
    """The fork: answers and ends."""
    code = 1
    try:
        os.write(send, struct.pack('<q', _resident('self')))  # a fork has fewer pages than its parent
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 5))  # SIGXCPU
        faulthandler.dump_traceback_later(HANG_SECONDS, exit=True)
        sys.addaudithook(_refuse)
        try:
            function()
            answer = ('read', '')
        except InputError as error:
            answer = ('refused', str(error))
        except BaseException as error:
            answer = ('fault', ''.join(traceback.format_exception(error))[-4000:])
        os.write(send, json.dumps(answer).encode()[:60_000])
        code = 0
    finally:
        os._exit(code)


def _refuse(event: str, arguments: tuple) -> None:
    if event in _FORBIDDEN:
        raise Fault(f'{event} {arguments!r:.200}')


def _wait(child: int, receive: int, allowed: int) -> Tuple[int, int, bytes]:
    """Bytes of memory that the fork began with, the most seen, and its answer; one that takes too much is ended."""
    told, most, end = b'', 0, time.monotonic() + HANG_SECONDS + 10
    while True:
        if select.select([receive], [], [], _POLL)[0]:
            block = os.read(receive, 1 << 16)
            told += block
            if not block:
                break
        most = max(most, _resident(child))
        if len(told) >= 8 and most - struct.unpack('<q', told[:8])[0] > allowed or time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            break
    return struct.unpack('<q', told[:8])[0] if len(told) >= 8 else most, most, told[8:]


def _resident(process) -> int:
    """Bytes of memory of a process; 0 if it has ended."""
    try:
        with open(f'/proc/{process}/statm') as file:
            return _PAGE * int(file.read().split()[1])
    except (OSError, IndexError):
        return 0
