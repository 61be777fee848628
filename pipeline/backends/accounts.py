"""A place for caches where the user id has no account or no writable home, as under ``docker run -u 12345``.

torch's compiler asks for the user's name when it is imported, numba (which MMDetection loads) for a
folder to cache in, and both raise where there is neither. Matplotlib warns.
"""

import getpass
import os
import tempfile
from pathlib import Path
from typing import Optional

#: Where a library caches, by the environment variable that it reads; folders below the lent one.
CACHES = {'TORCHINDUCTOR_CACHE_DIR': 'torchinductor', 'NUMBA_CACHE_DIR': 'numba', 'MPLCONFIGDIR': 'matplotlib'}


def lend_a_home() -> Optional[Path]:
    """Name a folder for the caches of this process and its children, if the user has none.

    Has to run before torch is loaded. A writable home and a known user change nothing, and
    variables that are set already are left alone.

    Returns:
        The folder, or None if none was needed.
    """
    home = Path(os.path.expanduser('~'))
    has_home = home.is_absolute() and os.access(home, os.W_OK)
    if has_home and _has_a_name():
        return None
    try:
        folder = _private_folder()
    except OSError:  # nowhere to write at all: whatever needs a folder says so
        return None
    for variable, name in CACHES.items():
        os.environ.setdefault(variable, str(folder / name))
    if not has_home and not (home / '.cache').is_dir():  # a cache that was filled for this user is read where it is
        os.environ.setdefault('XDG_CACHE_HOME', str(folder))
    return folder


def _has_a_name() -> bool:
    try:
        return bool(getpass.getuser())
    except (KeyError, OSError):  # KeyError up to Python 3.12, OSError from 3.13 on
        return False


def _private_folder() -> Path:
    # one per user, so that the next run finds the caches; others may write below /tmp, but not in it
    folder = Path(tempfile.gettempdir()) / f'pose-{os.getuid()}'
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        state = folder.lstat()
        if folder.is_dir() and state.st_uid == os.getuid():
            return folder
    except OSError:
        pass
    return Path(tempfile.mkdtemp(prefix=f'pose-{os.getuid()}-'))
