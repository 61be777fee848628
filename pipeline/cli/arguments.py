"""Command-line options that several tools share, and what they mean to the library."""

import argparse
from pathlib import Path
from typing import Tuple

from pipeline.errors import InputError
from pipeline.presets import preset_names

FORMATS = ('json', 'csv', 'posetrack', 'trc')


def add_chain_options(parser: argparse.ArgumentParser) -> None:
    """What a chain is built from, and which part of a video it sees."""
    chain = parser.add_argument_group('chain')
    chain.add_argument('--preset', default='embedded', help=f'{", ".join(preset_names())}, or a file (%(default)s)')
    chain.add_argument(
        '--refiner', help='none, hanet, one-euro, savgol, gaussian, smoothnet, deciwatch, or a checkpoint (.pth)'
    )
    chain.add_argument('--refiner-checkpoint', type=Path, metavar='FILE', help="one's own refiner weights")
    chain.add_argument('--detector', nargs='+', metavar=('CONFIG', 'CHECKPOINT'), help='any MMDetection model')
    chain.add_argument('--estimator', nargs='+', metavar=('CONFIG', 'CHECKPOINT'), help='any MMPose top-down model')
    chain.add_argument(
        '--python-path',
        type=Path,
        action='append',
        default=[],
        metavar='FOLDER',
        help="where the custom_imports of one's own configs are",
    )
    chain.add_argument('--score-thr', type=float, metavar='0..1', help='lowest score of a detected person')
    chain.add_argument('--flip-test', action='store_true', default=None, help='average with the mirrored picture')
    chain.add_argument('--detect-every', type=int, metavar='N', help='detect in every N-th frame only')
    chain.add_argument('--every', type=int, metavar='N', help='watch every N-th frame only; the refiner fills the rest')
    chain.add_argument('--runtime', help="of torch's networks: torch or onnxruntime (faster on CPUs)")
    chain.add_argument(
        '--half',
        action='store_true',
        default=None,
        help="torch's networks in half precision: float16 on GPUs, bfloat16 on CPUs that have it",
    )
    chain.add_argument('--scene', help='tracker options for a kind of scene: default, crowd, sport, single')
    chain.add_argument('--batch', type=int, metavar='N', help='frames per network call (GPU)')
    chain.add_argument('--device', default='cpu', help='cpu, cuda, cuda:1 … (%(default)s)')
    chain.add_argument('--start', help='seconds, or frames as 120f')
    chain.add_argument('--end', help='seconds, or frames as 240f')
    chain.add_argument('--reader', default='pyav', help='pyav or decord, for video files (%(default)s)')


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """What is drawn, and which files are written."""
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


def check_options(args: argparse.Namespace) -> None:
    """Refuse values that no later part would name as clearly.

    Raises:
        InputError: naming the option.
    """
    for name in ('detect_every', 'batch', 'every'):
        value = getattr(args, name)
        if value is not None and value < 1:
            raise InputError(f'--{name.replace("_", "-")} {value}: must be 1 or more')
    if args.score_thr is not None and not 0 <= args.score_thr <= 1:
        raise InputError(f'--score-thr {args.score_thr}: must be in 0..1')
    for name in ('detector', 'estimator'):
        if len(getattr(args, name) or ()) > 2:
            raise InputError(f'--{name} takes a config and a checkpoint, not {len(getattr(args, name))} values')
    if not args.video and not formats(args):
        raise InputError('--no-video --no-json: nothing is left to write')


def formats(args: argparse.Namespace) -> Tuple[str, ...]:
    """The formats of pose data that are wanted."""
    return tuple(name for name in FORMATS if getattr(args, name))


def chain_options(args: argparse.Namespace) -> dict:
    """What the command line says of the chain, in :meth:`VideoPipeline.from_preset`'s words."""

    def model(pair):
        return dict(zip(('config', 'checkpoint'), pair or ()))

    refiner = args.refiner
    if args.refiner_checkpoint:
        refiner = dict(type=args.refiner or 'network', checkpoint=str(args.refiner_checkpoint))
    detector = model(args.detector)
    if args.score_thr is not None:
        detector['score_thr'] = args.score_thr
    estimator = model(args.estimator)
    if args.flip_test is not None:
        estimator['flip_test'] = args.flip_test
    return dict(
        refiner=refiner,
        detector=detector,
        estimator=estimator,
        detect_every=args.detect_every,
        tracker=dict(scene=args.scene) if args.scene else None,
        batch=args.batch,
        every=args.every,
        runtime=args.runtime,
        half=args.half,
    )


def output_options(args: argparse.Namespace, **others):
    """What the command line says of the files; ``others`` are further fields.

    Returns:
        :class:`pipeline.run.OutputOptions`.
    """
    from pipeline.run import OutputOptions  # only now: this imports all networks

    return OutputOptions(
        video=args.video,
        formats=formats(args),
        report=args.report,
        start=args.start,
        end=args.end,
        reader=args.reader,
        compare=args.compare,
        boxes=args.boxes,
        ids=args.ids,
        trails=args.trails,
        **others,
    )
