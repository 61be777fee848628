"""The one error a user sees, and how a command-line tool ends on it."""

import errno
import functools
import sys
from typing import Any, Callable, Optional

from pipeline.addresses import one_line
from pipeline.console import forgiving_streams
from pipeline.signals import as_interrupts

#: Servers have no libGL. mmcv asks for the OpenCV that needs it; this one is written over it.
HEADLESS = 'pip install --no-deps --force-reinstall opencv-python-headless==4.12.0.88'

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)

# what a machine runs out of, whatever was being done
_EXHAUSTED = {
    errno.ENOSPC: 'no space left on the disk',
    errno.EDQUOT: 'no space left on the disk (quota)',
    errno.EFBIG: 'no larger file is allowed here (ulimit -f)',
    errno.EMFILE: 'too many open files (ulimit -n)',
    errno.ENFILE: 'too many open files on this machine',
}


class InputError(Exception):
    """Something the user gave cannot be used.

    The message is one line that names the file or option, the value found and
    what is allowed. Library callers catch it; tools print it and exit with 2. Passwords in
    addresses are left out of it.
    """

    def __init__(self, *parts: Any, **details: Any):
        super().__init__(*(one_line(part) if isinstance(part, str) else part for part in parts), **details)


def exhausted(error: Optional[BaseException]) -> Optional[str]:
    """What the machine has run out of, if that is what ``error`` says: space, files, or their allowed size."""
    return _EXHAUSTED.get(getattr(error, 'errno', None))


def exit_cleanly(main: Callable[..., Optional[int]]) -> Callable[..., int]:
    """Decorate a tool's ``main``.

    Exit code 2 on :class:`InputError`, on a machine that has run out of space or files and on an OpenCV that lacks
    libGL; 130 on Ctrl-C, SIGTERM and SIGHUP. Output that nobody takes any more costs no work.
    """

    @functools.wraps(main)
    def wrapped(*args, **kwargs) -> int:
        with forgiving_streams():
            try:
                with as_interrupts():
                    return main(*args, **kwargs) or 0
            except InputError as error:
                return _refused(str(error))
            except ImportError as error:
                if 'libGL' not in str(error):
                    raise
                return _refused(f'OpenCV needs libGL, which this machine lacks ({error}): run {HEADLESS}')
            except OSError as error:
                if exhausted(error) is None:
                    raise
                return _refused(f'{error.filename or "this machine"}: {exhausted(error)}')
            except KeyboardInterrupt:
                print('interrupted', file=sys.stderr)
                return 130

    return wrapped


def _refused(message: str) -> int:
    print(f'error: {one_line(message)}', file=sys.stderr)
    return 2
