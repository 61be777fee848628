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

from pipeline.errors import InputError, exit_cleanly  # noqa: E402
from pipeline.presets import preset_names  # noqa: E402


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('inputs', nargs='*', help='video files, folders or globs of images, camera index, stream URL')
    parser.add_argument('--sample', action='store_true', help='use the sample clip (downloaded once)')
    parser.add_argument('--out-dir', type=Path, default=Path('output'), help='default: %(default)s')
    parser.add_argument('--force', action='store_true', help='replace files that exist')

    chain = parser.add_argument_group('chain')
    chain.add_argument('--preset', default='embedded', help=f'{", ".join(preset_names())}, or a file (%(default)s)')
    chain.add_argument('--refiner', help='none, hanet, one-euro, savgol, gaussian, smoothnet, deciwatch')
    chain.add_argument('--refiner-checkpoint', type=Path, metavar='FILE', help="one's own refiner weights")
    chain.add_argument('--detector', nargs='+', metavar=('CONFIG', 'CHECKPOINT'), help='any MMDetection model')
    chain.add_argument('--estimator', nargs='+', metavar=('CONFIG', 'CHECKPOINT'), help='any MMPose top-down model')
    chain.add_argument('--python-path', type=Path, action='append', default=[], metavar='FOLDER',
                       help="where the custom_imports of one's own configs are")
    chain.add_argument('--score-thr', type=float, metavar='0..1', help='lowest score of a detected person')
    chain.add_argument('--flip-test', action='store_true', default=None, help='average with the mirrored picture')
    chain.add_argument('--detect-every', type=int, metavar='N', help='detect in every N-th frame only')
    chain.add_argument('--batch', type=int, metavar='N', help='frames per network call (GPU)')
    chain.add_argument('--device', default='cpu', help='cpu, cuda, cuda:1 … (%(default)s)')
    chain.add_argument('--start', help='seconds, or frames as 120f')
    chain.add_argument('--end', help='seconds, or frames as 240f')
    chain.add_argument('--reader', default='pyav', help='pyav or decord, for video files (%(default)s)')

    picture = parser.add_argument_group('picture')
    picture.add_argument('--compare', action='store_true', help='before and after side by side')
    picture.add_argument('--boxes', action='store_true')
    picture.add_argument('--no-ids', dest='ids', action='store_false')
    picture.add_argument('--trails', action='store_true')
    picture.add_argument('--no-video', dest='video', action='store_false', help='write data only')

    data = parser.add_argument_group('data')
    data.add_argument('--no-json', dest='json', action='store_false')
    data.add_argument('--csv', action='store_true', help='long form, one row per joint')
    data.add_argument('--posetrack', action='store_true', help='PoseTrack18 JSON')
    data.add_argument('--report', action='store_true', help='an HTML page: videos, tracks and curves')
    data.add_argument('--trc', action='store_true', help='one marker file per person, for biomechanics tools')

    parser.add_argument('--profile', action='store_true', help='print where the time went')
    parser.add_argument('--quiet', action='store_true')
    return parser.parse_args()


@exit_cleanly
def main() -> int:
    args = parse_arguments()
    check(args)
    sys.path[:0] = map(str, args.python_path)
    from pipeline.assets import fetch
    from pipeline.chain import VideoPipeline
    from pipeline.run import OutputOptions, check_outputs, run_video

    inputs = args.inputs + ([str(fetch('sample-clip'))] if args.sample else [])
    formats = tuple(name for name in ('json', 'csv', 'posetrack', 'trc') if getattr(args, name))
    options = OutputOptions(
        out_dir=args.out_dir, video=args.video, formats=formats, report=args.report, force=args.force,
        start=args.start, end=args.end, reader=args.reader, compare=args.compare, boxes=args.boxes,
        ids=args.ids, trails=args.trails, progress=sys.stderr.isatty() and not args.quiet,
        command=' '.join(sys.argv[1:]))
    check_outputs(inputs, options)
    pipeline = VideoPipeline.from_preset(args.preset, args.device, **chain_options(args))
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


def check(args: argparse.Namespace) -> None:
    """Refuse values that no later part would name as clearly."""
    if not args.inputs and not args.sample:
        raise InputError('no input: give a video file, a folder of images, a camera index, or --sample')
    for name in ('detect_every', 'batch'):
        value = getattr(args, name)
        if value is not None and value < 1:
            raise InputError(f'--{name.replace("_", "-")} {value}: must be 1 or more')
    if args.score_thr is not None and not 0 <= args.score_thr <= 1:
        raise InputError(f'--score-thr {args.score_thr}: must be in 0..1')
    for name in ('detector', 'estimator'):
        if len(getattr(args, name) or ()) > 2:
            raise InputError(f'--{name} takes a config and a checkpoint, not {len(getattr(args, name))} values')
    if not args.video and not any((args.json, args.csv, args.posetrack, args.trc)):
        raise InputError('--no-video --no-json: nothing is left to write')


def chain_options(args: argparse.Namespace) -> dict:
    """What the command line says of the chain, in :meth:`VideoPipeline.from_preset`'s words."""
    def model(pair):
        return dict(zip(('config', 'checkpoint'), pair or ()))

    refiner = args.refiner
    if args.refiner_checkpoint:
        refiner = dict(type=args.refiner or 'hanet', checkpoint=str(args.refiner_checkpoint))
    detector = model(args.detector)
    if args.score_thr is not None:
        detector['score_thr'] = args.score_thr
    estimator = model(args.estimator)
    if args.flip_test is not None:
        estimator['flip_test'] = args.flip_test
    return dict(refiner=refiner, detector=detector, estimator=estimator, detect_every=args.detect_every,
                batch=args.batch)


if __name__ == '__main__':
    # Ctrl-C has to reach Python while a network is running in C++
    os.environ.setdefault('OPENCV_LOG_LEVEL', 'ERROR')
    sys.exit(main())
