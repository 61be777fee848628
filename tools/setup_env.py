#!/usr/bin/env python3
"""Make a virtual environment that holds requirements.txt (standard library only).

    python3 tools/setup_env.py .venv
    python3 tools/setup_env.py .venv --locked    # exactly the files of requirements.lock, or nothing

Does nothing where the environment is up to date already. Lines marked
``# no-deps`` are installed without what they ask for.
"""

import argparse
import hashlib
import os
import platform
import subprocess
import sys
import venv
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parents[1] / 'requirements.txt'
LOCK = REQUIREMENTS.with_suffix('.lock')
SUPPORTED = ((3, 10), (3, 11), (3, 12))
HEADLESS = 'opencv-python-headless'


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('folder', type=Path, help='where the environment is or shall be')
    parser.add_argument('--locked', action='store_true', help='install requirements.lock, for Python 3.11 on x86-64')
    args = parser.parse_args()
    folder = args.folder
    if sys.version_info[:2] not in SUPPORTED:
        print(
            f'error: Python {sys.version.split()[0]} is not supported: use 3.10, 3.11 or 3.12 '
            '(make PYTHON=python3.11 …)',
            file=sys.stderr,
        )
        return 2
    if args.locked and (sys.version_info[:2] != (3, 11) or platform.machine() != 'x86_64'):
        print('error: requirements.lock holds for Python 3.11 on x86-64 Linux', file=sys.stderr)
        return 2
    lines = requirement_lines()
    content = LOCK.read_text() if args.locked else chr(10).join(lines)
    stamp = folder / f'.installed-{hashlib.sha256(content.encode()).hexdigest()[:16]}'
    if stamp.exists():
        return 0
    print(f'Setting up {folder} (about 5 GB to download and a few minutes, once)', flush=True)
    try:
        install_locked(folder) if args.locked else install(folder, lines)
    except subprocess.CalledProcessError as error:
        print(
            f'error: {" ".join(map(str, error.cmd[:6]))} … failed with code {error.returncode}; '
            'run the command again to resume',
            file=sys.stderr,
        )
        return 2
    for old in folder.glob('.installed-*'):
        old.unlink()
    stamp.touch()
    return 0


def install(folder: Path, lines: list) -> None:
    """Create the environment and install every requirement line into it."""
    pip = pip_of(folder)
    # a freshly made environment needs setuptools where mmcv is built from its source
    environment = {**os.environ, 'PIP_NO_INPUT': '1'}

    def run(*arguments: str) -> None:
        subprocess.run([*pip, *arguments], check=True, env=environment)

    plain = [requirement(line) for line in lines if 'no-deps' not in line]
    run('--progress-bar', 'on' if sys.stdout.isatty() else 'off', *plain)
    run('--no-deps', *(requirement(line) for line in lines if 'no-deps' in line))
    # both OpenCV packages own the folder cv2; the one without libGL has to be written last
    run('--no-deps', '--force-reinstall', next(p for p in plain if p.startswith(HEADLESS)))


def install_locked(folder: Path) -> None:
    """Create the environment and install the lock file's packages, each checked against its hash."""
    subprocess.run([*pip_of(folder), '--no-deps', '--require-hashes', '-r', str(LOCK)], check=True)
    # of the two OpenCV packages, the one without libGL has to be written last
    entry = LOCK.read_text().split(f'\n{HEADLESS}==')[1]
    alone = folder / 'headless.txt'
    alone.write_text(f'{HEADLESS}=={entry}')
    subprocess.run(
        [*pip_of(folder), '--no-deps', '--require-hashes', '--force-reinstall', '-r', str(alone)], check=True
    )
    alone.unlink()


def pip_of(folder: Path) -> list:
    """The install command of the environment, which is made if need be."""
    if not (folder / 'bin' / 'python').exists():
        venv.create(folder, with_pip=True)
    return [str(folder / 'bin' / 'python'), '-m', 'pip', '--disable-pip-version-check', 'install', '--quiet']


def requirement_lines() -> list:
    """The lines of requirements.txt that name something."""
    lines = [line.strip() for line in REQUIREMENTS.read_text().splitlines()]
    return [line for line in lines if line and not line.startswith('#')]


def requirement(line: str) -> str:
    return line.split('#')[0].strip()


if __name__ == '__main__':
    sys.exit(main())
