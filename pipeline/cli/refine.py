"""Refine poses that another tool found: smooth, tracked, in every format, and on the video.

    smooth-poses-refine poses.json --video video.mp4
    smooth-poses-refine openpose_folder/ --fps 25 --size 1920x1080 --format csv,c3d

Reads {known}.
The layout is told by the content. Ids are kept, or given by pose where there are none. Writes
output/NAME_refined_poses.json, and with --video NAME_refined_overlay.mp4. In a checkout, python tools/refine.py is the
same command.
"""

import argparse
import os
import re
import sys
import textwrap
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Optional, Sequence

from pipeline.cli import arguments as command_line
from pipeline.errors import InputError, exit_cleanly
from pipeline.formats import check_formats
from pipeline.formats.found_poses import FoundPoses, Given
from pipeline.formats.readers import KNOWN, read_found
from pipeline.options import ChainOptions, OutputOptions, RefineOptions, flag_of, option_of
from pipeline.types import VideoInfo

# what tools, this one too, put behind a video's name
_ENDINGS = re.compile(
    r'(_(poses|openpose|keypoints|posetrack|coco|dlc|movement|labelstudio|results|landmarks|predictions|refined|corrected))+$'
)
# of the chain's options, those that poses from a file go by
_CHAIN = ('refiner', 'refiner_checkpoint', 'scene', 'single', 'device', 'runtime')
# options with which tracks are others than those that were corrected
_ANEW = ('refiner', 'refiner_checkpoint', 'track', 'first_frame', 'fps')
# what is done to pictures, or says where in a video: without --video it would do nothing, or hide nobody
_OF_A_VIDEO = (
    *('start', 'end', 'blur_faces', 'background', 'draw_others', 'draw_angles', 'compare', 'boxes', 'ids', 'trails'),
    'show',
)
# of what a video has, and of what --3d writes: no poses are lifted here
_LEFT_OUT = ('fps', 'reader', 'resize', 'deinterlace', 'angles3d', 'bvh', 'gltf')


def parse_arguments(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """The options of a command line."""
    return make_parser(arguments).parse_args(arguments)


def make_parser(arguments: Optional[Sequence[str]] = None) -> command_line.OptionParser:
    known = textwrap.fill(f'Reads {KNOWN}.', 118)
    description = (__doc__ or '').replace('Reads {known}.', known)
    parser = command_line.OptionParser(description=description, arguments=arguments)
    parser.add_argument('poses', help='a file of poses, or a folder with a file a frame')
    parser.add(
        'input', '--video', dest='clip', type=Path, metavar='FILE', common=True, help='the video, to be drawn on'
    )
    parser.add(
        'input', '--fps', metavar='RATE', common=True, help='frames per second, over what the file or the video says'
    )
    parser.add(
        'input',
        '--corrections',
        type=Path,
        metavar='FILE',
        common=True,
        help="corrections by hand of this program's JSON: refined anew around them, all else stays as it is; "
        'none for none (default: NAME_corrections.json beside NAME_poses.json, where there is one)',
    )
    parser.add('data', '--out-dir', type=Path, default=Path('output'), common=True, help='output folder (%(default)s)')
    parser.add('data', '--force', action='store_true', common=True, help='replace files that exist')
    command_line.add_fields(parser, RefineOptions)
    command_line.add_fields(parser, ChainOptions, only=(*_CHAIN, 'person_height'))
    command_line.add_output_options(parser, leave_out=_LEFT_OUT)
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
    options = _refine_options(args)
    _find_corrections(args)
    for flag in _ANEW:
        if args.corrections and getattr(args, flag):
            raise InputError(
                f'--{flag.replace("_", "-")} {getattr(args, flag)}: corrected poses keep their ids, '
                'and are refined as they were'
            )
    outputs = command_line.output_options(
        args,
        out_dir=args.out_dir,
        force=args.force,
        progress=sys.stderr.isatty() and not args.quiet,
        command=' '.join(sys.argv[1:] if arguments is None else arguments),
        repeat=parser.repeat(args, poses=os.path.abspath(args.poses)),
        **({} if args.clip else dict(video=False)),
    )
    if not args.corrections:  # those may be of poses that were lifted
        check_formats(outputs.formats, {})
    from pipeline.moments import parse_rate
    from pipeline.refine_file import CorrectedChain, FileChain, PoseSource
    from pipeline.refine_file.sequence import check_fits, check_size
    from pipeline.run import run_video
    from pipeline.video import open_source

    name = f'{_ENDINGS.sub("", Path(args.poses).stem)}_{"corrected" if args.corrections else "refined"}'
    fps = parse_rate(outputs.fps)
    if args.clip:
        source = open_source(str(args.clip), **outputs.reading())
        given = Given((source.info.width, source.info.height), source.info.fps)
        source.info = replace(source.info, name=name)
    else:
        _refuse_pictures(outputs)
        given = Given(options.picture_size, fps)
    found = read_found(args.poses, given)
    if options.scene and found.tracked and not options.track:
        raise InputError(f'--scene {options.scene}: is of the tracker, and {args.poses} has ids: give --track too')
    if not args.clip:
        source = PoseSource(found, options, fps, name)
        _tell_guesses(source.info, found, options, fps, args.quiet)
    with source:
        check_size(found, source.info, options.picture_size)
        if args.clip and outputs.end is None:
            check_fits(found, source.info, options.first_frame)
        if args.corrections:
            chain: Any = CorrectedChain.of(Path(args.poses), args.corrections)
        else:
            chain = FileChain(found, options)
        if not args.quiet:
            joints, ids = found.skeleton.num_keypoints, 'ids' if found.tracked else 'no ids'
            print(f'{found.layout}: {found.num_frames} frames, {joints} joints, {ids}')
            for note in chain.notes:
                print(f'note: {note}', file=sys.stderr)
        summary = run_video(chain, source, outputs)
    if not args.quiet:
        print(summary)
    return 130 if summary.interrupted else 0


def _refuse_pictures(outputs: OutputOptions) -> None:
    """Raise :class:`InputError` for options that need a video."""
    for entry in fields(OutputOptions):
        value = getattr(outputs, entry.name)
        if entry.name in _OF_A_VIDEO and value != entry.default:
            shown = '' if isinstance(value, bool) else f' {value}'
            raise InputError(f'{flag_of(entry)}{shown}: is of a video: give it by --video')


def _find_corrections(args: argparse.Namespace) -> None:
    """Take the corrections beside the poses where none are named, and say so."""
    if str(args.corrections) == 'none':
        args.corrections = None
    elif args.corrections is None and args.poses.endswith('_poses.json'):
        from pipeline.corrections import corrections_beside

        beside, anew = corrections_beside(args.poses), [flag for flag in _ANEW if getattr(args, flag)]
        if beside.is_file() and anew:
            flag = anew[0].replace('_', '-')
            print(f'note: {beside} is not applied, since --{flag} makes other tracks of the poses', file=sys.stderr)
        elif beside.is_file():
            args.corrections = beside
            print(f'note: {beside} is applied; --corrections none leaves it out', file=sys.stderr)


def _refine_options(args: argparse.Namespace) -> RefineOptions:
    chain = ChainOptions(**{name: getattr(args, name) for name in _CHAIN}).arguments()
    own = {e.name: getattr(args, e.name) for e in fields(RefineOptions) if 'option' in e.metadata}
    options = RefineOptions(
        refiner=chain['refiner'] or 'hanet',
        scene=(chain['tracker'] or {}).get('scene'),
        device=args.device,
        runtime=args.runtime or 'torch',
        **own,
    )
    for entry in fields(RefineOptions):
        if 'option' in entry.metadata and own[entry.name] is not None:
            option_of(entry).kind.check(f'--{entry.name.replace("_", "-")}', own[entry.name])
    from pipeline.tracking import check_tracker  # SciPy, after the words that need none

    check_tracker(chain['tracker'] or {})
    options.picture_size  # noqa: B018, checked before anything is read
    return options


def _tell_guesses(info: VideoInfo, found: FoundPoses, options: RefineOptions, fps: Any, quiet: bool) -> None:
    if quiet:
        return
    if fps is None and found.fps is None and not found.times:
        print(f'note: {float(info.fps):g} frames per second, since nothing says: --fps RATE', file=sys.stderr)
    if options.size is None and found.size is None:
        size = f'{info.width}x{info.height}'
        print(f'note: a picture of {size}, since nothing says: --size WIDTHxHEIGHT, or --video FILE', file=sys.stderr)
