"""Names of files, made of names from anywhere: stems of videos, addresses, sequence names in data."""

import hashlib
import re
from pathlib import Path
from typing import Union

#: Bytes of a safe name. What we add to it, at most ``_id9223372036854775807`` and the mark of a passing file, fits
#: into the 255 bytes that file systems allow.
MOST_BYTES = 180

# separators, control characters, ends of lines, characters that turn the direction of writing, halves of characters
_UNSAFE = re.compile('[/\\\\\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]')


def safe_name(name: str) -> str:
    """``name`` as the beginning of a file's name: in any folder it is a plain, visible file of that folder.

    Separators and control characters become ``_``, as do dots in front, so that it is neither ``..`` nor hidden.
    A name of more than :data:`MOST_BYTES` bytes is cut, and ends in a digest of the whole. A safe name stays as it is.
    """
    safe = _UNSAFE.sub('_', name)
    shown = safe.lstrip('.')
    return bounded('_' * (len(safe) - len(shown)) + shown or '_', MOST_BYTES)


def bounded(name: str, most: int) -> str:
    """``name`` if it has up to ``most`` bytes, else its beginning and 8 digits of its SHA-256."""
    content = name.encode('utf-8', 'surrogateescape')
    if len(content) <= most:
        return name
    return content[: most - 9].decode('utf-8', 'ignore') + '-' + hashlib.sha256(content).hexdigest()[:8]


# folders that systems and network drives keep beside a user's files
_SYSTEM_FOLDERS = frozenset(
    ('__MACOSX', '@eaDir', '#recycle', '#snapshot', '$RECYCLE.BIN', 'System Volume Information')
)


def is_clutter(path: Union[str, Path]) -> bool:
    """Whether a file found in a user's folder is none of the user's.

    Such are names with a leading dot (``._clip.mp4``, in which macOS keeps a file's properties; files that
    are being written) and what lies in folders that a system made.

    Args:
        path: relative to the folder that the user named.
    """
    return any(part.startswith('.') or part in _SYSTEM_FOLDERS for part in Path(path).parts)
