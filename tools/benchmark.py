#!/usr/bin/env python3
"""Measure this machine and print each figure beside its target.

    python tools/benchmark.py --all                       # everything below
    python tools/benchmark.py embedded loop               # some of it
    python tools/benchmark.py --all --json out.json --markdown table.md

embedded  the embedded preset on the sample clip, stage by stage, and the refiner's share
loop      the chain against a plain loop of MMDetection's and MMPose's own inference functions
runtimes  networks in torch and in OpenVINO
sparse    analysing every N-th frame only: error on Human3.6M, and speed
hanet     HANet against what the published code computes
cost      what the chain adds to its networks
crowd     10, 30 and 100 people through tracker, refiner and renderer
memory    peak memory on 300 and on 3,000 frames
soak      memory over a looped clip of 100,000 frames
batch     many videos with one worker and with two
posetrack scores of a PoseTrack validation set
export    18,000 frames of two people into every format

What is compared takes turns, so that a busy machine hits both sides: ratios are
worth more than times. Parts that need the shared folder say so where it is missing.
"""

import argparse
import importlib
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline.errors import InputError, exit_cleanly  # noqa: E402
from pipeline.files import atomic_path  # noqa: E402

# module of tools.research.benchmarks, function
PARTS = {
    'embedded': ('embedded', 'measure'),
    'loop': ('plain_loop', 'measure'),
    'runtimes': ('runtimes', 'measure'),
    'sparse': ('sparse', 'measure'),
    'hanet': ('hanet', 'measure'),
    'cost': ('chain_cost', 'measure'),
    'crowd': ('crowd', 'measure'),
    'memory': ('memory', 'measure'),
    'soak': ('soak', 'measure'),
    'batch': ('batch', 'measure'),
    'posetrack': ('posetrack_scores', 'measure'),
    'export': ('export', 'measure'),
}
QUICK = ('embedded', 'loop', 'memory')


@exit_cleanly
def main() -> None:
    args = parse_arguments()
    unknown = [part for part in args.parts if part not in PARTS]
    if unknown:
        raise InputError(f'unknown part {unknown[0]!r}: allowed are {", ".join(PARTS)}')
    if args.repeats < 1 or args.soak_frames < 200 or (args.threads or 1) < 1:
        raise InputError('--repeats and --threads must be 1 or more, --soak-frames 200 or more')
    if args.refiner is not None and not args.refiner.is_file():
        raise InputError(f'{args.refiner}: no such weights')
    import torch

    from tools.research.benchmarks.figures import markdown
    from tools.research.benchmarks.settings import Settings

    torch.set_num_threads(args.threads or torch.get_num_threads())
    settings = Settings(args.shared, args.repeats, args.refiner, args.soak_frames)
    sections = []
    for part in args.parts or (PARTS if args.all else QUICK):
        module, function = PARTS[part]
        print(f'\n{part}', flush=True)
        begin = time.perf_counter()
        figures = []
        sections.append((part, figures))
        for figure in getattr(importlib.import_module(f'tools.research.benchmarks.{module}'), function)(settings):
            figures.append(figure)
            print(f'  {figure}', flush=True)
        print(f'  ({time.perf_counter() - begin:.0f} s)', flush=True)
        write_files(args, sections, markdown)  # after each part: an interrupted run keeps what it has
    print(verdict([figure for _, figures in sections for figure in figures]))


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('parts', nargs='*', help=f'out of {", ".join(PARTS)} (without --all: {", ".join(QUICK)})')
    parser.add_argument('--all', action='store_true', help='every part')
    parser.add_argument('--json', type=Path, metavar='FILE', help='also write the figures as a list')
    parser.add_argument('--markdown', type=Path, metavar='FILE', help='also write them as a table')
    parser.add_argument(
        '--shared',
        type=Path,
        default=Path(__file__).resolve().parents[2] / 'shared',
        help='folder with weights/, video/ and data/ (%(default)s)',
    )
    parser.add_argument('--refiner', type=Path, metavar='FILE', help='weights of a Human3.6M refiner, for sparse')
    parser.add_argument('--repeats', type=int, default=3, help='runs of each; the median counts (%(default)s)')
    parser.add_argument('--soak-frames', type=int, default=100_000, metavar='N', help='length of soak (%(default)s)')
    parser.add_argument('--threads', type=int, metavar='N', help="torch's threads (default: torch's own choice)")
    parser.add_argument('--force', action='store_true', help='replace files that exist')
    return parser.parse_args()


def write_files(args: argparse.Namespace, sections: list, markdown) -> None:
    """Write what there is so far; later calls replace what earlier ones of the same run wrote."""
    first = len(sections) == 1
    rows = [dict(part=part, **figure.to_dict()) for part, figures in sections for figure in figures]
    texts = ((args.json, json.dumps(rows, indent=1, ensure_ascii=False)), (args.markdown, markdown(sections)))
    for path, text in texts:
        if path is not None:
            with atomic_path(path, args.force or not first) as temporary:
                temporary.write_text(text + '\n', encoding='utf-8')


def verdict(figures: list) -> str:
    """How many targets are met, missed, and not measured."""
    aimed = [figure for figure in figures if figure.target]
    counts = [sum(figure.met is outcome for figure in aimed) for outcome in (True, False, None)]
    return '\n{} targets: {} met, {} missed, {} not measured'.format(len(aimed), *counts)


if __name__ == '__main__':
    sys.exit(main())
