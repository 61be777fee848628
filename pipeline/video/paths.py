"""The file that a user's words name."""

import errno
import os
import re
from pathlib import Path
from urllib.parse import unquote

from pipeline.addresses import shown
from pipeline.errors import InputError

_FILE_URL = re.compile(r'file:(?://(?:localhost(?=/))?|(?=/))')


def local_path(text: str) -> Path:
    """The path that ``text`` names: itself, or that of a ``file:`` address, in which ``%20`` may stand for a blank.

    Raises:
        InputError: if no file can have that name, or it leads round in a circle of links.
    """
    address = _FILE_URL.match(text)
    path = Path(text[address.end() :] if address else text)
    try:
        if address and not os.path.lexists(path):
            path = Path(unquote(str(path), errors='surrogateescape'))
        os.stat(path)
    except ValueError as error:
        raise InputError(f'{shown(text)}: no file can have this name ({error})') from error
    except OSError as error:
        if error.errno in (errno.ENAMETOOLONG, errno.ELOOP):
            raise InputError(f'{shown(text)}: no file can have this name ({error.strerror})') from error
    return path
