"""What users write for a file, and what FFmpeg is to be told."""

import re
from pathlib import Path
from typing import Union
from urllib.parse import unquote

_FILE_URL = re.compile(r'file:(?://(?:localhost(?=/))?|(?=/))')


def local_path(text: str) -> Path:
    """The path that ``text`` names: itself, or that of a ``file:`` address, in which ``%20`` may stand for a blank."""
    address = _FILE_URL.match(text)
    if address is None:
        return Path(text)
    path = Path(text[address.end() :])
    return path if path.exists() else Path(unquote(str(path), errors='surrogateescape'))


def media_address(path: Union[str, Path]) -> str:
    """What FFmpeg opens as that file and nothing else: to it, ``10:22.mp4`` would be the protocol ``10``."""
    return f'file:{path}'
