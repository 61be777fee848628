"""Options in a TOML file: ``--config run.toml`` says the same as the command line, which goes over it.

    inputs = ["race.mp4"]       # at the top, or …
    [people]                    # … in tables named after the groups of --help
    people = "main"
    blur-faces = true
    [picture]
    video = false               # what --no-video says

Keys are the options' names without the leading dashes; ``-`` and ``_`` are the same. Paths are relative to the working
directory, as on the command line.
"""

import argparse
import difflib
import os
import sys
from pathlib import Path
from typing import Any, Dict, Iterable, Mapping, Optional

from pipeline.addresses import is_url, without_secrets
from pipeline.errors import InputError
from pipeline.options import GROUPS
from pipeline.reading import read_bounded
from pipeline.version import __version__

_MOST_BYTES = 1 << 20
# not repeated: the file itself, help, and what would replace files without being asked
_NOT_WRITTEN = ('config', 'help', 'help_all', 'force')
# words that may be files, which a run from elsewhere has to find
_MAY_BE_FILES = ('preset', 'refiner', 'detector', 'estimator', 'list')

Actions = Mapping[str, argparse.Action]


def read_config(path: Path, actions: Actions) -> Dict[str, Any]:
    """The values in a file, by the names under which a parser knows them.

    Args:
        actions: of the parser, by name.

    Raises:
        InputError: if it is no TOML, holds an unknown key or a value of another type.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        table = tomllib.loads(read_bounded(path, _MOST_BYTES).decode('utf-8'))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f'{path}: is no TOML: {str(error).splitlines()[0]}') from error
    values: Dict[str, Any] = {}
    for key, value in _flat(path, table):
        name = key.replace('-', '_')
        if name not in actions or name in ('config', 'help', 'help_all'):
            raise InputError(f'{path}: unknown key {key!r}{_nearest(name, actions)}')
        if name in values:
            raise InputError(f'{path}: {key!r} is given twice')
        values[name] = _converted(path, key, value, actions[name])
    return values


def _flat(path: Path, table: Mapping[str, Any]) -> Iterable:
    for key, value in table.items():
        if isinstance(value, dict):
            if key not in GROUPS:
                near = difflib.get_close_matches(key, GROUPS, 1)
                hint = f'; did you mean [{near[0]}]?' if near else f': they are {", ".join(GROUPS)}'
                raise InputError(f'{path}: unknown table [{key}]{hint}')
            yield from value.items()
        else:
            yield key, value


def _nearest(name: str, actions: Actions) -> str:
    near = difflib.get_close_matches(name, [known for known in actions if known not in _NOT_WRITTEN[:3]], 3, 0.5)
    shown = ' or '.join(known.replace('_', '-') for known in near)
    return f'; did you mean {shown}?' if near else '; keys are the options of --help-all without dashes'


def _converted(path: Path, key: str, value: Any, action: argparse.Action) -> Any:
    """``value`` as the command line would give it."""

    def refuse(what: str) -> InputError:
        return InputError(f'{path}: {key} = {str(value)[:60]}: must be {what}')

    if action.nargs == 0:
        if not isinstance(value, bool):
            raise refuse('true or false')
        return value
    several = action.nargs in ('+', '*') or isinstance(action.default, (list, tuple))
    if isinstance(value, list) != several and not (several and isinstance(value, str)):
        raise refuse('a list' if several else 'one value and no list')
    parts = value if isinstance(value, list) else [value]
    if not all(isinstance(part, (str, int, float)) and not isinstance(part, bool) for part in parts):
        raise refuse('text or a number')
    convert: Any = action.type or str
    try:
        converted = [convert(part if convert in (int, float) else str(part)) for part in parts]
    except (ValueError, argparse.ArgumentTypeError) as error:
        raise refuse({int: 'a whole number', float: 'a number'}.get(convert, str(error))) from error
    if convert is int and converted != parts:
        raise refuse('a whole number')
    if several:  # --format takes several at once
        return [inner for part in converted for inner in (part if isinstance(part, list) else [part])]
    return converted[0]


def as_toml(values: Mapping[str, Any], groups: Mapping[str, str], program: str, **others: Any) -> str:
    """What :func:`read_config` reads back as ``values``, with absolute paths and without passwords.

    Args:
        values: of a command line; None and empty lists are left out.
        groups: the group of each, by name; others stand at the top.
        program: that would read it.
        others: in place of some of ``values``.
    """
    import tomli_w

    table: Dict[str, Any] = {}
    tables: Dict[str, Dict[str, Any]] = {group: {} for group in GROUPS}
    for name, value in {**values, **others}.items():
        plain = _plain(name, value)
        if name in _NOT_WRITTEN or plain is None or plain == []:
            continue
        (tables[groups[name]] if name in groups else table)[name.replace('_', '-')] = plain
    content = {**table, **{group: inner for group, inner in tables.items() if inner}}
    return f'# {program} --config THIS_FILE repeats this run; written by version {__version__}\n' + tomli_w.dumps(
        content
    )


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(name, inner) for inner in value]
    if isinstance(value, Path):
        return _text(os.path.abspath(value))
    if isinstance(value, str):
        if name == 'inputs' and is_url(value):
            return _text(without_secrets(value))
        is_file = name == 'inputs' and not value.isdigit() or name in _MAY_BE_FILES and os.path.exists(value)
        return _text(os.path.abspath(value) if is_file else value)
    return value


def _text(value: str) -> str:
    return value.encode('utf-8', 'replace').decode()


def config_of(arguments: Iterable[str]) -> Optional[Path]:
    """What ``--config`` names on a command line; None without it, or without a word behind it."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument('--config', type=Path)
    try:
        return parser.parse_known_args(list(arguments))[0].config
    except argparse.ArgumentError:
        return None
