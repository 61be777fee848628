"""The one error a user sees, and how a command-line tool ends on it."""

import functools
import sys
from typing import Callable, Optional


class InputError(Exception):
    """Something the user gave cannot be used.

    The message is one line that names the file or option, the value found and
    what is allowed. Library callers catch it; tools print it and exit with 2.
    """


def exit_cleanly(main: Callable[..., Optional[int]]) -> Callable[..., int]:
    """Decorate a tool's ``main``: exit code 2 on :class:`InputError`, 130 on Ctrl-C."""

    @functools.wraps(main)
    def wrapped(*args, **kwargs) -> int:
        try:
            return main(*args, **kwargs) or 0
        except InputError as error:
            print(f'error: {" ".join(str(error).split())}', file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            print('interrupted', file=sys.stderr)
            return 130

    return wrapped
