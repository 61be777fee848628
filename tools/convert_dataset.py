"""Make safe files of data sets that come as pickled arrays.

    tools/convert_dataset.py npz FOLDER OUT     DeciWatch's, SmoothNet's or HANet's gt/ and det/

Opening a pickled file can run code: convert files from a source you trust, once, and
use the safe copies from then on.
"""

import argparse
import sys
from pathlib import Path
from typing import Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline.errors import InputError, exit_cleanly  # noqa: E402
from pipeline.files import is_clutter  # noqa: E402
from pipeline.training.sequences.npz_layouts import read_sequences, write_safe  # noqa: E402


def parse_arguments(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest='kind', required=True)
    npz = kinds.add_parser('npz', help='npz files of the DeciWatch family, a whole folder')
    npz.add_argument('folder', help='holds gt/ and det/')
    npz.add_argument('out', help='the same files, safe')
    npz.add_argument('--force', action='store_true', help='replace existing files')
    return parser.parse_args(arguments)


def convert_folder(folder: Path, out: Path, force: bool = False) -> int:
    """Convert every npz below ``folder`` into the same place below ``out``; how many there were.

    Raises:
        InputError: if there is none, or one cannot be read or written.
    """
    paths = sorted(path for path in folder.rglob('*.npz') if not is_clutter(path.relative_to(folder)))
    if not paths:
        raise InputError(f'{folder}: no npz files in this folder')
    if out.resolve() == folder.resolve():
        raise InputError(f'{out}: the safe files need a folder of their own')
    for path in paths:
        write_safe(out / path.relative_to(folder), read_sequences(path, allow_pickle=True), force)
    return len(paths)


@exit_cleanly
def main(arguments: Optional[Sequence[str]] = None) -> None:
    options = parse_arguments(arguments)
    count = convert_folder(Path(options.folder), Path(options.out), options.force)
    print(f'{count} files written to {options.out}')


if __name__ == '__main__':
    sys.exit(main())
