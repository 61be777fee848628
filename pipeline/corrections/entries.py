"""What can be said of tracks by hand, as types, and in JSON.

Frames are numbered as in the poses (``frame_id``), ids are those that are shown after the corrections before.
``start`` and ``end`` are the first and the last frame that is meant; None leaves an end open.
"""

from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, Callable, Dict, Optional, Tuple, Type, Union

from pipeline.errors import InputError

_MOST = 1 << 53  # whole numbers that every reader of JSON keeps exact
_FAR = 1e6  # px


@dataclass(frozen=True)
class _Part:
    """What a field is called in JSON, and what values it takes."""

    name: str
    allowed: str
    fits: Callable[[Any], bool]


def _whole(value: Any, low: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value < _MOST


def _pair(value: Any) -> bool:
    return (
        isinstance(value, (list, tuple))
        and len(value) == 2
        and all(_whole(i, 1) for i in value)
        and value[0] != value[1]
    )


def _px(value: Any) -> bool:
    fits = isinstance(value, (int, float)) and not isinstance(value, bool)
    return fits and -_FAR <= value <= _FAR  # compared as it is: whole numbers have no end, and floats have one


def _part(name: str, allowed: str, fits: Callable[[Any], bool], **more: Any) -> Any:
    return field(metadata={'part': _Part(name, allowed, fits)}, **more)


def _id(name: str = 'id') -> Any:
    return _part(name, 'the id of a person, from 1 up', lambda value: _whole(value, 1))


def _frame(name: str = 'frame') -> Any:
    return _part(name, 'the number of a frame, from 0 up', lambda value: _whole(value, 0))


def _end(name: str) -> Any:
    return _part(
        name, 'the number of a frame from 0 up, or null', lambda value: value is None or _whole(value, 0), default=None
    )


@dataclass(frozen=True)
class SwapIds:
    """Two people exchange their ids, from ``start`` to ``end``."""

    ids: Tuple[int, int] = _part('ids', 'the ids of two people', _pair)
    start: Optional[int] = _end('from')
    end: Optional[int] = _end('to')


@dataclass(frozen=True)
class SwapSides:
    """Left and right joints of a person are exchanged, from ``start`` to ``end``."""

    id: int = _id()
    start: Optional[int] = _end('from')
    end: Optional[int] = _end('to')


@dataclass(frozen=True)
class Merge:
    """The person ``id`` is ``into``. Where both are in a frame, the one who was found stays, else ``into``."""

    id: int = _id()
    into: int = _id('into')


@dataclass(frozen=True)
class Split:
    """From ``frame`` on the person ``id`` is somebody else, called ``new``."""

    id: int = _id()
    frame: int = _frame()
    new: int = _id('new')


@dataclass(frozen=True)
class Delete:
    """The person ``id`` is nobody, from ``start`` to ``end``."""

    id: int = _id()
    start: Optional[int] = _end('from')
    end: Optional[int] = _end('to')


@dataclass(frozen=True)
class Athlete:
    """The person ``id`` is the one who counts; everybody else is left out."""

    id: int = _id()


@dataclass(frozen=True)
class Joint:
    """A key pose: in ``frame`` this joint of person ``id`` is at ``(x, y)`` px."""

    id: int = _id()
    frame: int = _frame()
    joint: str = _part('joint', 'the name of a joint', lambda value: isinstance(value, str) and 0 < len(value) < 100)
    x: float = _part('x', 'px, a number', _px)
    y: float = _part('y', 'px, a number', _px)


Correction = Union[SwapIds, SwapSides, Merge, Split, Delete, Athlete, Joint]

#: what stands as ``do`` in JSON
KINDS: Dict[str, Type[Any]] = {
    'swap_ids': SwapIds,
    'swap_sides': SwapSides,
    'merge': Merge,
    'split': Split,
    'delete': Delete,
    'athlete': Athlete,
    'joint': Joint,
}
_NAMES = {kind: name for name, kind in KINDS.items()}


def from_json(value: Any, place: str) -> Correction:
    """The correction that a JSON object describes.

    Args:
        value: of one entry.
        place: what messages call it, such as ``clip_corrections.json: corrections[3]``.

    Raises:
        InputError: naming the place, the value and what is allowed.
    """
    if not isinstance(value, dict):
        raise InputError(f'{place}: {_shown(value)}: must be an object with "do"')
    kind = KINDS.get(value['do']) if isinstance(value.get('do'), str) else None
    if kind is None:
        raise InputError(f'{place}: do {_shown(value.get("do"))}: must be one of {", ".join(KINDS)}')
    parts = {_of(entry).name: entry for entry in fields(kind)}
    unknown = next((name for name in value if name != 'do' and name not in parts), None)
    if unknown is not None:
        raise InputError(f'{place}: {_shown(unknown)} is not part of {value["do"]}: it has {", ".join(parts)}')
    given: Dict[str, Any] = {}
    for name, entry in parts.items():
        if name not in value and entry.default is not MISSING:
            continue
        part, found = _of(entry), value.get(name)
        if not part.fits(found):
            raise InputError(f'{place}: {name} {_shown(found)}: must be {part.allowed}')
        given[entry.name] = tuple(found) if isinstance(found, list) else found
    correction = kind(**given)
    if getattr(correction, 'into', None) == getattr(correction, 'id', 0):
        raise InputError(f'{place}: into {correction.id}: must be another person than id')
    start, end = getattr(correction, 'start', None), getattr(correction, 'end', None)
    if start is not None and end is not None and start > end:
        raise InputError(f'{place}: to {end}: must not be before from {start}')
    return correction


def to_json(correction: Correction) -> Dict[str, Any]:
    """The correction as :func:`from_json` reads it; open ends are left out."""
    values = {_of(entry).name: getattr(correction, entry.name) for entry in fields(correction)}
    return {
        'do': _NAMES[type(correction)],
        **{
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
            if value is not None
        },
    }


def _of(entry: Field) -> _Part:
    return entry.metadata['part']


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + '...'
