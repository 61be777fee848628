#!/usr/bin/env python3
"""Write requirements.lock: every package of the environment, pinned and hashed (standard library only).

    make lock

For Python 3.11 on x86-64 Linux. pip resolves requirements.txt anew, with the hash of
each file that it would install. ``pip install --no-deps -r requirements.lock`` then installs
exactly these files, or refuses.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / 'tools'))

import setup_env  # noqa: E402

HEADER = """# Made by `make lock` from requirements.txt for Python {python} on x86-64 Linux; do not edit.
#   pip install --no-deps -r requirements.lock
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, default=REPOSITORY / 'requirements.lock')
    args = parser.parse_args()
    lines = setup_env.requirement_lines()
    alone = [setup_env.requirement(line) for line in lines if 'no-deps' in line]
    rest = [setup_env.requirement(line) for line in lines if 'no-deps' not in line]
    try:
        packages = {**resolved(rest), **resolved(['--no-deps', *alone])}
    except subprocess.CalledProcessError as error:
        print(f'error: pip could not resolve requirements.txt (code {error.returncode})', file=sys.stderr)
        return 2
    # both OpenCV packages own the folder cv2; the one without libGL has to be written last
    names = sorted(packages, key=lambda name: (name == setup_env.HEADLESS, name))
    body = '\n'.join(
        f'{name}=={version} \\\n    --hash={digest}' for name in names for version, digest in [packages[name]]
    )
    text = HEADER.format(python='.'.join(map(str, sys.version_info[:2]))) + body + '\n'
    temporary = args.out.with_name(f'.{args.out.name}.part')
    temporary.write_text(text, encoding='utf-8')
    temporary.replace(args.out)
    print(f'{args.out}: {len(packages)} packages')
    return 0


def resolved(arguments: list) -> dict:
    """``{name: (version, hash)}`` of all that pip would install into an empty environment."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / 'report.json'
        subprocess.run(
            [
                sys.executable,
                '-m',
                'pip',
                '--disable-pip-version-check',
                'install',
                '--quiet',
                '--dry-run',
                '--ignore-installed',
                '--report',
                str(report),
                *arguments,
            ],
            check=True,
        )
        found = json.loads(report.read_text(encoding='utf-8'))['install']
    return {
        entry['metadata']['name'].lower().replace('_', '-').replace('.', '-'): (
            entry['metadata']['version'],
            pinned(entry['download_info']['archive_info']),
        )
        for entry in found
    }


def pinned(archive: dict) -> str:
    """The archive's hash in the notation of requirements files."""
    hashes = archive.get('hashes') or dict([archive['hash'].split('=')])
    return f'sha256:{hashes["sha256"]}'


if __name__ == '__main__':
    sys.exit(main())
