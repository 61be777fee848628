"""Standard output and error that may go away: whoever reads them can leave, and the work goes on."""

import errno
import os
import sys
from contextlib import contextmanager, suppress
from typing import Any, Iterator, Optional


class Forgiving:
    """A text stream that falls silent when it cannot be written to any more.

    Args:
        stream: the real one; None where there is none.

    Attributes:
        lost: why it fell silent, as an errno; None as long as all was written.
    """

    def __init__(self, stream: Any):
        self.lost: Optional[int] = None
        if stream is None:
            self.lost, stream = errno.EBADF, open(os.devnull, 'w')  # noqa: SIM115, lives as long as the process
        self._stream = stream

    def write(self, text: str) -> int:
        if self.lost is None:
            try:
                self._stream.write(text)
            except UnicodeEncodeError:  # a name that the terminal's characters cannot show
                coding = self._stream.encoding or 'ascii'
                return self.write(text.encode(coding, 'backslashreplace').decode(coding))
            except (OSError, ValueError) as error:
                self._fall_silent(error)
        return len(text)

    def flush(self) -> None:
        if self.lost is None:
            try:
                self._stream.flush()
            except (OSError, ValueError) as error:
                self._fall_silent(error)

    def isatty(self) -> bool:
        with suppress(OSError, ValueError):
            return self.lost is None and self._stream.isatty()
        return False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _fall_silent(self, error: Exception) -> None:
        self.lost = getattr(error, 'errno', None) or errno.EBADF
        # what the stream still holds is flushed when Python ends: it must not fail then
        with suppress(OSError, ValueError):
            _point_to_nothing(self._stream.fileno())


def lost_output() -> Optional[str]:
    """Why what was printed did not arrive, for commands whose answer it is; None if it did, or its reader has left."""
    sys.stdout.flush()
    lost = getattr(sys.stdout, 'lost', None)
    return None if lost in (None, errno.EPIPE) else os.strerror(lost)


@contextmanager
def forgiving_streams() -> Iterator[None]:
    """Within the block, ``sys.stdout`` and ``sys.stderr`` are :class:`Forgiving`; at its end they are flushed.

    Of those that were closed by the caller, the numbers are taken: else the next file that is opened would
    get one, and a library's messages would be written into it.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            _point_to_nothing(number)
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = Forgiving(sys.stdout), Forgiving(sys.stderr)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = before


def _point_to_nothing(number: int) -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    if nothing == number:
        os.set_inheritable(number, True)
        return
    os.dup2(nothing, number)
    os.close(nothing)
