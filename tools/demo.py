#!/usr/bin/env python3
"""Video in, overlay video and pose data out.

    python tools/demo.py video.mp4
    python tools/demo.py --sample                       # the sample clip
    python tools/demo.py a.mp4 frames/ 'shots/*.png' 0  # several inputs; 0 is a camera

Writes output/NAME_overlay.mp4 and output/NAME_poses.json for each.
"""

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline.cli import arguments as command_line  # noqa: E402
from pipeline.errors import InputError, exit_cleanly  # noqa: E402


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('inputs', nargs='*', help='video files, folders or globs of images, camera index, stream URL')
    parser.add_argument('--sample', action='store_true', help='use the sample clip (downloaded once)')
    parser.add_argument('--out-dir', type=Path, default=Path('output'), help='default: %(default)s')
    parser.add_argument('--force', action='store_true', help='replace files that exist')
    command_line.add_chain_options(parser)
    command_line.add_output_options(parser)
    parser.add_argument('--profile', action='store_true', help='print where the time went')
    parser.add_argument('--quiet', action='store_true')
    return parser.parse_args()


@exit_cleanly
def main() -> int:
    args = parse_arguments()
    if not args.inputs and not args.sample:
        raise InputError('no input: give a video file, a folder of images, a camera index, or --sample')
    command_line.check_options(args)
    sys.path[:0] = map(str, args.python_path)
    from pipeline.assets import fetch
    from pipeline.pipeline import VideoPipeline
    from pipeline.run import check_outputs, run_video

    inputs = args.inputs + ([str(fetch('sample-clip'))] if args.sample else [])
    options = command_line.output_options(
        args,
        out_dir=args.out_dir,
        force=args.force,
        progress=sys.stderr.isatty() and not args.quiet,
        command=' '.join(sys.argv[1:]),
    )
    check_outputs(inputs, options)
    pipeline = VideoPipeline.from_preset(args.preset, args.device, **command_line.chain_options(args))
    interrupted = False
    for spec in inputs:
        summary = run_video(pipeline, spec, options)
        if not args.quiet:
            print(summary)
        if args.profile:
            print(summary.profile)
        interrupted |= summary.interrupted
        if interrupted:
            break
    return 130 if interrupted else 0


if __name__ == '__main__':
    # Ctrl-C has to reach Python while a network is running in C++
    os.environ.setdefault('OPENCV_LOG_LEVEL', 'ERROR')
    sys.exit(main())
