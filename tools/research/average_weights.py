"""The mean of several refiners' weights, often better balanced than any of them.

    tools/research/average_weights.py STAGE3/refiner.pth STAGE4/refiner.pth --out refiner.pth

They must have been trained from one another or from one start, or the mean makes no sense.
"""

import argparse
import sys
from pathlib import Path
from typing import Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pipeline.errors import InputError, exit_cleanly  # noqa: E402


@exit_cleanly
def main(arguments: Optional[Sequence[str]] = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('weights', nargs='+', help='files of trainings of one config')
    parser.add_argument('--out', required=True, help='the file to write')
    parser.add_argument('--half', action='store_true', help='store float16, half the size')
    parser.add_argument('--note', action='append', default=[], metavar='NAME=TEXT', help='to keep beside the weights')
    parser.add_argument('--force', action='store_true', help='replace an existing file')
    options = parser.parse_args(arguments)
    if len(options.weights) < 2:
        raise InputError('two files or more are needed')
    notes = dict(entry.partition('=')[::2] for entry in options.note)

    from pipeline.training.average import average_files

    average_files(options.weights, options.out, notes, half=options.half, force=options.force)


if __name__ == '__main__':
    sys.exit(main())
