"""Convert :mod:`pipeline.options` to command-line arguments, one for each field, and back."""

import argparse
import re
import sys
from dataclasses import Field, fields
from typing import Any, Dict, List, NoReturn, Optional, Sequence, Tuple, Union

from pipeline.cli.config import as_toml, config_of, read_config
from pipeline.errors import InputError
from pipeline.formats import check_formats, format_named, missing_packages
from pipeline.options import (
    CADENCE,
    CHOICE,
    COUNT,
    GROUPS,
    HEIGHT,
    INDEX,
    LENGTH,
    MODEL,
    PATH,
    PATHS,
    SECONDS,
    SHARE,
    SWITCH,
    ChainOptions,
    LiveOptions,
    OutputOptions,
    check,
    flag_of,
    option_of,
)
from pipeline.presets import load_preset, preset_names
from pipeline.registry import WRITERS, names

FORMAT_HELP = {
    'angles': 'write angles of joints and segments: CSV, and OpenSim motion files (.mot), one per person',
    'c3d': 'write C3D marker files, one per person, for motion capture tools',
    'coco': 'write COCO keypoint results (JSON)',
    'csv': 'write CSV: one row per frame, person and joint',
    'dlc': "write DeepLabCut's CSV with individuals",
    'labelstudio': 'write Label Studio tasks (JSON), for corrections by hand',
    'metres': 'write CSV in metres and metres per second; on with --person-height, --scale or --calibration',
    'mot': "write MOTChallenge's text of boxes and ids",
    'movement': "write movement's netCDF, for xarray",
    'nwb': 'write Neurodata Without Borders (ndx-pose)',
    'openpose': 'write OpenPose JSON (BODY_25), a folder with one file a frame',
    'parquet': 'write Parquet: the columns of the CSV',
    'posetrack': 'write PoseTrack18 JSON',
    'slp': "write SLEAP's .slp",
    'trc': 'write TRC marker files, one per person, for biomechanics tools',
    'angles3d': 'with --3d: write joint angles in space, a .mot for each person',
    'bvh': 'with --3d: write BVH motion files, one per person, for Blender and other animation programs',
    'gltf': 'with --3d: write a binary glTF file of moving bodies, for Blender and browsers',
}

# what argparse says of text in place of a number
_NO_NUMBER = re.compile(r'argument (\S+): invalid (int|float) value: (.*)', re.DOTALL)
# formats that the short help names
_COMMON_FORMATS = ('csv', 'trc', 'angles')


class OptionParser(argparse.ArgumentParser):
    """A parser whose options stand in the groups of :data:`pipeline.options.GROUPS`.

    ``--help`` shows those that are used most, ``--help-all`` every one.

    Args:
        arguments: that will be parsed; None for ``sys.argv``'s. They say which help is wanted.
    """

    def __init__(self, *args: Any, arguments: Optional[Sequence[str]] = None, **more: Any):
        super().__init__(*args, formatter_class=argparse.RawDescriptionHelpFormatter, **more)
        self._all = '--help-all' in (sys.argv[1:] if arguments is None else arguments)
        self._hides = False
        self._groups: Dict[str, argparse._ArgumentGroup] = {}
        self._given = list(sys.argv[1:] if arguments is None else arguments)
        self.add_argument('--help-all', action='help', help='show every option')
        self.add('run', '--config', type=PATH.type, metavar='FILE', help='a TOML file with these options', common=True)

    def add(self, group: str, *names: str, common: bool = False, help: Optional[str] = None, **more: Any) -> None:
        """Add an argument to a group of :data:`GROUPS`; the short help leaves it out unless it is ``common``."""
        for name in GROUPS:  # all at once, and so in their order
            if name not in self._groups:
                self._groups[name] = self.add_argument_group(name, GROUPS[name])
        hidden = not (common or self._all)
        self._hides |= hidden
        self._groups[group].add_argument(*names, help=argparse.SUPPRESS if hidden else help, **more)

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:  # argparse's own has overloads
        """The options: defaults, over them those of ``--config``, over them those of the command line.

        Raises:
            InputError: for what is wrong with the file, or with the words (:meth:`error`).
        """
        words = self._given if args is None else list(args)
        path = config_of(words)
        actions = {action.dest: action for action in self._actions}
        if path is None:
            return super().parse_args(words, namespace)
        said = read_config(path, actions)
        defaults = {dest: action.default for dest, action in actions.items()}
        helped = {'-h', '--help', '--help-all'} & set(words)
        for dest, action in actions.items():
            action.required = action.required and dest not in said
            if not helped:
                action.default = argparse.SUPPRESS  # so that only what was given comes back
        given = vars(super().parse_args(words, namespace))
        for dest, action in actions.items():
            action.default = defaults[dest]
        shown = {dest: value for dest, value in defaults.items() if value != argparse.SUPPRESS}
        return argparse.Namespace(**{**shown, **said, **given})

    def error(self, message: str) -> NoReturn:
        """Refuse words that argparse cannot take as everything else is refused: in one line, without the usage."""
        number = _NO_NUMBER.fullmatch(message)
        if number:
            flag, kind, value = number.groups()
            message = f'{flag} {value}: must be {"a whole number" if kind == "int" else "a number"}'
        raise InputError(message)

    def repeat(self, args: argparse.Namespace, **others: Any) -> str:
        """A TOML file that repeats a run; ``others`` in place of some options."""
        groups = {action.dest: name for name, group in self._groups.items() for action in group._group_actions}
        if 'all' in getattr(args, 'format', []):  # today's: not those of a library that comes later
            named = [name for name in args.format if name != 'all']
            others = {'format': sorted({*named, *_with_options(args)}), **others}
        return as_toml(vars(args), groups, self.prog, **others)

    def format_help(self) -> str:
        """The help; the short one says that there is more."""
        text = super().format_help()
        return text if not self._hides else f'{text}\nThe options used most; --help-all shows all of them.\n'


def add_chain_options(parser: OptionParser) -> None:
    """What a chain is built from."""
    for entry in fields(ChainOptions):
        if option_of(entry).group:
            _add(parser, entry, f'{", ".join(preset_names())}, or a file' if entry.name == 'preset' else None)


def add_fields(parser: OptionParser, options: Any, only: Optional[Sequence[str]] = None) -> None:
    """The fields of a class of options; those in ``only``, if it is given."""
    for entry in fields(options):
        if 'option' in entry.metadata and option_of(entry).group and (only is None or entry.name in only):
            _add(parser, entry)


def add_output_options(parser: OptionParser, leave_out: Tuple[str, ...] = ()) -> None:
    """Which part of a video is seen, what is drawn, and which files are written."""
    formats = [name for name in names(WRITERS) if name not in leave_out]
    for name in formats:
        on = name in OutputOptions.formats
        parser.add(
            'data',
            f'--{"no-" if on else ""}{name}',
            dest=name,
            action='store_false' if on else 'store_true',
            help=f'do not write {name.upper()}' if on else FORMAT_HELP.get(name),
            common=name in _COMMON_FORMATS,
        )
    parser.add(
        'data',
        '--format',
        action='extend',
        type=_formats,
        default=[],
        metavar='NAMES',
        common=True,
        help=f'formats with commas between, or all: {", ".join(formats)} (docs/formats.md)',
    )
    add_fields(parser, OutputOptions, [entry.name for entry in fields(OutputOptions) if entry.name not in leave_out])


def add_live_options(parser: OptionParser) -> None:
    """What a run wants that is watched."""
    for entry in fields(LiveOptions):
        _add(parser, entry)


def live_options(args: argparse.Namespace) -> LiveOptions:
    """What the command line says of a run that is watched.

    Raises:
        InputError: naming the option whose value is not allowed.
    """
    options = LiveOptions(**{entry.name: _value(args, entry) for entry in fields(LiveOptions)})
    check(options)
    return options


def check_options(args: argparse.Namespace) -> None:
    """Check every value before anything is loaded.

    Raises:
        InputError: naming the option, its value and what is allowed, or if nothing is left to write.
    """
    chain_options(args)
    output_options(args)


def check_lifting(args: argparse.Namespace, options: OutputOptions) -> None:
    """Check what is said of 3D before anything is loaded.

    A preset may lift too: it is read where a format asks for that, so the modules of ``--python-path`` must be found.

    Raises:
        InputError: for a format that only a chain that lifts can write, or weights that are not there.
    """
    try:
        check_formats(options.formats, dict(three_d=args.three_d))
    except InputError:
        if args.three_d is not None:
            raise
        check_formats(options.formats, load_preset(args.preset))
    if args.refiner_3d is not None:
        from pipeline.lift import refiner_weights  # SciPy only where it is needed

        refiner_weights(args.refiner_3d)


def frames_of_lifting(args: argparse.Namespace, fps: float) -> int:
    """Frames that 3D, if it is wanted, holds back at ``fps`` frames per second."""
    asked = {**load_preset(args.preset), **chain_options(args)}
    if not asked.get('three_d'):
        return 0
    from pipeline.lift import frames_held  # SciPy only where it is needed

    return frames_held(fps, asked.get('refiner_3d'))


def chain_options(args: argparse.Namespace) -> dict:
    """What the command line says of the chain, in the words of :meth:`pipeline.VideoPipeline.from_preset`.

    Raises:
        InputError: naming the option whose value is not allowed.
    """
    named = {e.name: _value(args, e) for e in fields(ChainOptions) if option_of(e).group}
    if named['focal'] is not None and not named['three_d']:
        raise InputError(f'--focal {named["focal"]:g}: is of the lens of --3d; give that too')
    if named['refiner_3d'] is not None and not named['three_d']:
        raise InputError(f'--refiner-3d {named["refiner_3d"]}: refines what --3d lifts; give that too')
    return ChainOptions(**named).arguments()


def output_options(args: argparse.Namespace, **others: Any) -> OutputOptions:
    """What the command line says of the files; ``others`` are further fields.

    Raises:
        InputError: naming the option whose value is not allowed, or if nothing is left to write.
    """
    named = {e.name: _value(args, e) for e in fields(OutputOptions) if option_of(e).group and hasattr(args, e.name)}
    # the chain's too: --3d takes its scale from it
    height = getattr(args, 'person_height', None)
    if getattr(args, 'three_d', None) and not ('metres' in args.format or getattr(args, 'metres', False)):
        height = None
    metres = ['metres'] if height or named['scale'] or named['calibration'] else []
    wanted = {*args.format, *_with_options(args), *metres}
    formats = tuple(name for name in names(WRITERS) if getattr(args, name, False) or name in wanted)
    named['person_height'] = height
    options = OutputOptions(**{**named, 'formats': formats, **others})
    options.check()
    signed = options.draw_angles or any('facing' in getattr(format_named(form), 'takes', ()) for form in formats)
    if options.facing != 'auto' and not signed:
        raise InputError(f'--facing {options.facing}: is for the signs of angles; give --angles or --draw-angles too')
    if not options.video and not formats and not options.show:
        raise InputError('--no-video --no-json: nothing is left to write')
    return options


def _formats(text: str) -> List[str]:
    """The formats of ``--format a,b``; ``all`` are those that need no further option, as far as they are installed.

    It stays in the list: with an option such as ``--3d`` it means further ones (:func:`_with_options`).
    """
    wanted: List[str] = []
    for name in (part.strip() for part in text.split(',')):
        if name == 'all':
            wanted += [name, *(known for known in names(WRITERS) if _in_all(known) is True)]
        else:
            format_named(name)
            wanted.append(name)
    return wanted


def _with_options(args: argparse.Namespace) -> List[str]:
    """Of ``--format all`` those that need an option which is given."""
    options = {name: _in_all(name) for name in names(WRITERS)} if 'all' in args.format else {}
    return [name for name, option in options.items() if isinstance(option, str) and getattr(args, option, None)]


def _in_all(name: str) -> Union[bool, str]:
    """See :class:`pipeline.formats.exporter.Exporter`; False where a package is missing."""
    return not missing_packages(name) and getattr(WRITERS.module_dict[name], 'in_all', True)


def _add(parser: OptionParser, entry: Field, help: Any = None) -> None:
    option = option_of(entry)
    group, common = str(option.group), option.common
    text = help or option.help
    if option.kind is SWITCH:
        action = 'store_false' if entry.default is True else 'store_true'
        parser.add(
            group, flag_of(entry), dest=entry.name, action=action, default=entry.default, help=text, common=common
        )
        return
    more: dict = dict(default=entry.default, help=text + (' (%(default)s)' if entry.default else ''))
    if option.metavar:
        more['metavar'] = tuple(option.metavar.split()) if option.kind is MODEL else option.metavar
    if option.kind is MODEL:
        more['nargs'] = '+'
    elif option.kind is PATHS:
        more.update(action='append', type=PATH.type, help=text, default=[])
    elif option.kind in (COUNT, INDEX, SHARE, PATH, LENGTH, HEIGHT, SECONDS):
        more['type'] = option.kind.type
    elif option.kind in (CADENCE, CHOICE):
        more['type'] = _number_or_word
    parser.add(group, flag_of(entry), common=common, **more)


def _number_or_word(text: str) -> Any:
    return int(text) if text.isdecimal() else text


def _value(args: argparse.Namespace, entry: Field) -> Any:
    value = getattr(args, entry.name)
    return tuple(value) if isinstance(value, list) else value
