"""The one error a user sees, and how a command-line tool ends on it."""

import functools
import sys
from typing import Any, Callable, Optional

from pipeline.addresses import one_line

#: Servers have no libGL. mmcv asks for the OpenCV that needs it; this one is written over it.
HEADLESS = 'pip install --no-deps --force-reinstall opencv-python-headless==4.12.0.88'


class InputError(Exception):
    """Something the user gave cannot be used.

    The message is one line that names the file or option, the value found and
    what is allowed. Library callers catch it; tools print it and exit with 2. Passwords in
    addresses are left out of it.
    """

    def __init__(self, *parts: Any, **details: Any):
        super().__init__(*(one_line(part) if isinstance(part, str) else part for part in parts), **details)


def exit_cleanly(main: Callable[..., Optional[int]]) -> Callable[..., int]:
    """Decorate a tool's ``main``: exit code 2 on :class:`InputError` or an OpenCV that lacks libGL, 130 on Ctrl-C."""

    @functools.wraps(main)
    def wrapped(*args, **kwargs) -> int:
        if hasattr(sys.stdout, 'reconfigure') and not sys.stdout.closed:  # names of files need not be text
            sys.stdout.reconfigure(errors='backslashreplace')
        try:
            return main(*args, **kwargs) or 0
        except InputError as error:
            print(f'error: {one_line(str(error))}', file=sys.stderr)
            return 2
        except ImportError as error:
            if 'libGL' not in str(error):
                raise
            print(f'error: OpenCV needs libGL, which this machine lacks ({error}): run {HEADLESS}', file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            print('interrupted', file=sys.stderr)
            return 130

    return wrapped
