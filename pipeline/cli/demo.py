"""Estimate smooth, tracked poses: video in, overlay video and pose data out.

    smooth-poses video.mp4
    smooth-poses --sample                       # the sample clip
    smooth-poses a.mp4 frames/ 'shots/*.png' 0  # several inputs; 0 is a camera

Writes output/NAME_overlay.mp4 and output/NAME_poses.json for each.
In a checkout, python tools/demo.py is the same command.
"""

import argparse
import os
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Optional, Sequence

from pipeline.cli import arguments as command_line
from pipeline.errors import InputError, exit_cleanly
from pipeline.options import OutputOptions


def parse_arguments(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The options of a command line."""
    return make_parser(arguments).parse_args(arguments)


def make_parser(arguments: Optional[Sequence[str]] = None) -> command_line.OptionParser:
    parser = command_line.OptionParser(description=__doc__, arguments=arguments)
    parser.add_argument(
        'inputs', nargs='*', help='video files, folders of videos or images, globs of images, camera index, URL'
    )
    parser.add('input', '--sample', action='store_true', help='use the sample clip (downloaded once)', common=True)
    command_line.add_chain_options(parser)
    command_line.add_live_options(parser)
    command_line.add_output_options(parser)
    parser.add('run', '--out-dir', type=Path, default=Path('output'), help='default: %(default)s', common=True)
    parser.add('run', '--force', action='store_true', help='replace files that exist', common=True)
    parser.add('run', '--profile', action='store_true', help='print where the time went')
    parser.add('run', '--quiet', action='store_true', help='print nothing')
    return parser


@exit_cleanly
def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command.

    Args:
        arguments: of the command line; ``sys.argv``'s if None.

    Returns:
        The exit code: 0, 2 for what the user has to change, 130 after Ctrl-C.
    """
    os.environ.setdefault('OPENCV_LOG_LEVEL', 'ERROR')  # read when OpenCV is loaded
    parser = make_parser(arguments)
    args = parser.parse_args(arguments)
    if not args.inputs and not args.sample:
        raise InputError('no input: give a video file, a folder of images, a camera index, or --sample')
    command_line.check_options(args)
    latency = command_line.live_options(args).latency
    sys.path[:0] = map(str, args.python_path)
    from pipeline.assets import fetch
    from pipeline.pipeline import VideoPipeline
    from pipeline.run import check_outputs, run_video
    from pipeline.video.folders import videos_meant

    inputs = videos_meant(args.inputs) + ([str(fetch('sample-clip'))] if args.sample else [])
    options = command_line.output_options(
        args,
        out_dir=args.out_dir,
        force=args.force,
        progress=sys.stderr.isatty() and not args.quiet,
        command=' '.join(sys.argv[1:] if arguments is None else arguments),
    )
    command_line.check_lifting(args, options)
    repeats = [parser.repeat(args, inputs=[spec], sample=False) for spec in inputs]
    if args.sample:
        repeats[-1] = parser.repeat(args, inputs=[], sample=True)
    sources = check_outputs(inputs, replace(options, repeat=repeats[0]))
    chain = command_line.chain_options(args)
    if latency is not None:
        from pipeline.refine.within import refiner_within

        rate = min(rate_of(source, options) for source in sources)
        lifted = command_line.frames_of_lifting(args, float(rate))
        chain['refiner'] = refiner_within(latency, rate, chain['refiner'], args.every or 1, lifted)
    pipeline = VideoPipeline.from_preset(args.preset, args.device, **chain)
    pipeline.prompt = latency is not None
    for note in pipeline.notes if not args.quiet else ():
        print(f'note: {note}', file=sys.stderr)
    interrupted = False
    for spec, repeat in zip(sources, repeats):
        summary = run_video(pipeline, spec, replace(options, repeat=repeat))
        if not args.quiet:
            print(summary)
        if args.profile:
            print(summary.profile)
        interrupted |= summary.interrupted
        if interrupted:
            break
    return 130 if interrupted else 0


def rate_of(source: Any, options: OutputOptions) -> Fraction:
    """Frames per second of a source: open, or to be opened."""
    from pipeline.video import VideoSource, open_source

    if isinstance(source, VideoSource):
        return source.info.fps
    with open_source(source, **options.reading()) as opened:
        return opened.info.fps
