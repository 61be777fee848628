"""What users write for a file, and what FFmpeg is to be told."""

import errno
import os
import re
from pathlib import Path
from typing import Union
from urllib.parse import unquote

from pipeline.errors import InputError

_FILE_URL = re.compile(r'file:(?://(?:localhost(?=/))?|(?=/))')


def local_path(text: str) -> Path:
    """The path that ``text`` names: itself, or that of a ``file:`` address, in which ``%20`` may stand for a blank.

    Raises:
        InputError: if no system has files of such a name.
    """
    address = _FILE_URL.match(text)
    path = Path(text[address.end() :] if address else text)
    try:
        if address and not os.path.lexists(path):
            path = Path(unquote(str(path), errors='surrogateescape'))
        os.stat(path)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise InputError(f'{text[:40]}…: {error.strerror.lower()}') from error
    except ValueError as error:
        raise InputError(f'{text[:40]!r}: no file has such a name ({error})') from error
    return path


def is_url(text: str) -> bool:
    """Whether ``text`` is the address of a stream; ``file://`` is not."""
    return '://' in text and not text.startswith('file:')


def media_address(path: Union[str, Path]) -> str:
    """What FFmpeg opens as that file and nothing else: to it, ``10:22.mp4`` would be the protocol ``10``."""
    return f'file:{path}'
