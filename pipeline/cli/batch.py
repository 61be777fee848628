"""Process many videos into one folder; run the same command again to resume.

    smooth-poses-batch videos/*.mp4 --out results                # one worker
    smooth-poses-batch recordings/ --out results --workers 4     # every video below a folder
    smooth-poses-batch --list inputs.txt --out /shared/results --ray auto --gpus 0.25

results/manifest.jsonl says what became of each video. The exit code is 1 if any failed.
In a checkout, python tools/batch.py is the same command.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Optional, Sequence

from pipeline.cli import arguments as command_line
from pipeline.errors import InputError, exit_cleanly
from pipeline.files import atomic_path
from pipeline.reading import MAX_LIST, read_bounded

# from so many inputs on, a local Ray takes the work where it is installed
MANY = 100


def parse_arguments(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The options of a command line."""
    return make_parser(arguments).parse_args(arguments)


def make_parser(arguments: Optional[Sequence[str]] = None) -> command_line.OptionParser:
    parser = command_line.OptionParser(description=__doc__, arguments=arguments)
    parser.add_argument('inputs', nargs='*', help='videos, folders of videos or of images, globs of images, URLs')
    parser.add('input', '--list', type=Path, metavar='FILE', help='further inputs, one per line', common=True)
    parser.add(
        'run',
        '--out',
        type=Path,
        required=True,
        metavar='DIR',
        help='folder of the files and the manifest',
        common=True,
    )
    parser.add(
        'run',
        '--force',
        common=True,
        action='store_true',
        help='also replace files that no run into this folder has written, or that were changed since',
    )
    parser.add(
        'run',
        '--workers',
        common=True,
        type=int,
        metavar='N',
        help='worker processes (1), or actors on Ray (as many as fit)',
    )
    parser.add(
        'run',
        '--ray',
        metavar='ADDRESS',
        help='a Ray cluster (auto, ray://HOST:10001), or local for one here; '
        f'the default from {MANY} inputs on, where Ray is installed and --workers is not given',
    )
    parser.add('run', '--cpus', type=float, default=1.0, metavar='N', help='CPUs per worker on Ray (%(default)s)')
    parser.add(
        'run',
        '--gpus',
        type=float,
        default=0.0,
        metavar='N',
        help='GPUs per worker on Ray; 0.25 lets four workers share one',
    )
    parser.add(
        'run',
        '--retries',
        type=int,
        default=1,
        metavar='N',
        help='further attempts after failures that may be temporary (%(default)s)',
    )
    parser.add(
        'run',
        '--segment-frames',
        type=int,
        metavar='N',
        help='split longer videos into segments of N frames, '
        'processed by several workers; needs a chain that analyses every frame by itself',
    )
    parser.add('run', '--quiet', action='store_true', help='print failures only')
    command_line.add_chain_options(parser)
    command_line.add_output_options(parser, leave_out=('show',))
    return parser


@exit_cleanly
def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command.

    Args:
        arguments: of the command line; ``sys.argv``'s if None.

    Returns:
        The exit code: 0, 1 if a video failed, 2 for what the user has to change, 130 after Ctrl-C.
    """
    parser = make_parser(arguments)
    args = parser.parse_args(arguments)
    check(args)
    sys.path[:0] = map(os.path.abspath, args.python_path)
    outputs = command_line.output_options(args, out_dir=args.out.resolve())
    command_line.check_lifting(args, outputs)
    from pipeline.batch import BatchSettings, find_videos, run_batch

    videos = find_videos(args.inputs + listed(args.list))
    devices = args.device.split(',')
    settings = BatchSettings(
        args.preset,
        devices[0],
        command_line.chain_options(args),
        outputs,
    )
    report = run_batch(
        videos,
        settings,
        pool_of(args, len(videos), devices),
        args.retries,
        args.segment_frames,
        args.force,
        notify=(lambda line: None) if args.quiet else print,
    )
    write_repeat(args.out, parser.repeat(args))
    if report.failed or not args.quiet:
        print(report)
    return 1 if report.failed or report.left else 0


def write_repeat(folder: Path, text: str) -> None:
    """Write ``batch_run.toml``, which repeats the batch, unless a file of somebody else has that name."""
    path = folder / 'batch_run.toml'
    ours = not path.exists() or b' --config THIS_FILE ' in path.read_bytes()[:200]
    if not ours or path.is_symlink():
        print(f'note: {path}: is not from a batch and stays; this one is repeated by its command line', file=sys.stderr)
        return
    with atomic_path(path, force=True) as temporary:
        temporary.write_text(text, encoding='utf-8', errors='replace')


def pool_of(args: argparse.Namespace, count: int, devices: list):
    """Make the pool of workers that is asked for."""
    from pipeline.batch import LocalPool, RayPool

    if args.ray or args.workers is None and count >= MANY and ray_is_there():
        address = None if args.ray in (None, 'local') else args.ray
        return lambda settings: RayPool(settings, args.workers, address, args.cpus, args.gpus)
    return lambda settings: LocalPool(settings, args.workers or 1, devices)


def ray_is_there() -> bool:
    import importlib.util

    return importlib.util.find_spec('ray') is not None


def check(args: argparse.Namespace) -> None:
    if not args.inputs and not args.list:
        raise InputError('no input: give video files or folders, or --list')
    for name, least in (('workers', 1), ('retries', 0), ('segment_frames', 1), ('cpus', 0), ('gpus', 0)):
        value = getattr(args, name)
        if value is not None and value < least:
            raise InputError(f'--{name.replace("_", "-")} {value:g}: must be {least} or more')
    command_line.check_options(args)


def listed(path) -> list:
    """The inputs in a file; empty lines do not count."""
    if path is None:
        return []
    # names may be any bytes but this one
    text = read_bounded(path, MAX_LIST, pipes=True).decode('utf-8-sig', 'surrogateescape')
    if '\0' in text:
        raise InputError(f'{path}: is no text: it holds NUL bytes')
    return [line.strip() for line in text.split('\n') if line.strip()]
