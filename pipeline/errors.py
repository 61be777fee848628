"""The one error a user sees, and how a command-line tool ends on it."""

import contextlib
import functools
import os
import sys
from typing import Any, Callable, Iterator, Optional

#: Servers have no libGL. mmcv asks for the OpenCV that needs it; this one is written over it.
HEADLESS = 'pip install --no-deps --force-reinstall opencv-python-headless==4.12.0.88'


class InputError(Exception):
    """Something the user gave cannot be used.

    The message is one line that names the file or option, the value found and
    what is allowed. Library callers catch it; tools print it and exit with 2.
    """


def exit_cleanly(main: Callable[..., Optional[int]]) -> Callable[..., int]:
    """Decorate a tool's ``main``: exit code 2 on :class:`InputError` or an OpenCV that lacks libGL, 130 on Ctrl-C.

    What it prints never ends it: see :class:`Messages`.
    """

    @functools.wraps(main)
    def wrapped(*args, **kwargs) -> int:
        with patient_streams():
            return run(*args, **kwargs)

    def run(*args, **kwargs) -> int:
        try:
            return main(*args, **kwargs) or 0
        except InputError as error:
            print(f'error: {" ".join(str(error).split())}', file=sys.stderr)
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


class Messages:
    """A text stream on which writing never fails: work that is done counts, whether anybody reads of it or not.

    Characters that the terminal lacks are written as escapes; once nobody listens (a closed
    pipe, a full disk), nothing more is written.
    """

    def __init__(self, stream: Any):
        self._stream = stream

    def write(self, text: str) -> int:
        with self._unheard():
            encoding = self._stream.encoding or 'ascii'
            self._stream.write(text.encode(encoding, 'backslashreplace').decode(encoding))
        return len(text)

    def flush(self) -> None:
        with self._unheard():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextlib.contextmanager
    def _unheard(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            # what is buffered would fail again when the interpreter ends
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


@contextlib.contextmanager
def patient_streams() -> Iterator[None]:
    """Make ``stdout`` and ``stderr`` :class:`Messages` for a while; those that were closed before lead nowhere."""
    before = sys.stdout, sys.stderr
    with contextlib.ExitStack() as stack:
        nowhere = None if all(before) else stack.enter_context(open(os.devnull, 'w'))
        sys.stdout, sys.stderr = (Messages(stream or nowhere) for stream in before)
        try:
            yield
        finally:
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            sys.stdout, sys.stderr = before
