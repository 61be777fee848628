"""What ``--people`` says: the main people of a clip, some by id, or whoever stood at a place.

main           the one who matters most: size x duration x nearness to the middle
3              the three who matter most
largest        the one who is largest on average
longest        the one who is there for longest
ids=1,3        these ids
640,360@1.5    whoever is at that place (px) at 1.5 s; @45f is a frame

Only the words are read here, which the command line checks before anything is loaded; who is meant by them is found by
:mod:`pipeline.people.choice`.
"""

import re
from dataclasses import dataclass
from typing import Optional, Tuple, Union

from pipeline.errors import InputError
from pipeline.moments import Moment, parse_moment

ALLOWED = 'main, largest, longest, a number from 1 up, ids=1,3 or x,y@seconds'

_IDS = re.compile(r'ids=(\d+(?:,\d+)*)')
_PLACE = re.compile(r'(\d+(?:\.\d*)?),(\d+(?:\.\d*)?)@(.+)')


@dataclass(frozen=True)
class Choice:
    """What ``--people`` says.

    Attributes:
        kind: ``main``, ``largest``, ``longest``, ``ids`` or ``place``.
        count: how many of ``main``.
        ids: of ``ids``.
        x, y: of ``place``, px.
        moment: of ``place``.
    """

    kind: str
    count: int = 1
    ids: Tuple[int, ...] = ()
    x: float = 0.0
    y: float = 0.0
    moment: Optional[Moment] = None


def parse_choice(text: Union[str, int]) -> Choice:
    """Read what the module lists.

    Raises:
        ValueError: if ``text`` is none of these.
    """
    text = str(text).strip()
    if text in ('main', 'largest', 'longest'):
        return Choice(text)
    if text.isascii() and text.isdigit() and int(text) > 0:
        return Choice('main', count=int(text))
    if ids := _IDS.fullmatch(text):
        return Choice('ids', ids=tuple(sorted(set(map(int, ids[1].split(','))))))
    if place := _PLACE.fullmatch(text):
        try:
            moment = parse_moment(place[3])
        except InputError as error:
            raise ValueError(str(error)) from error
        return Choice('place', x=float(place[1]), y=float(place[2]), moment=moment)
    raise ValueError(f'{text}: must be {ALLOWED}')


def is_choice(text: Union[str, int]) -> bool:
    """Whether :func:`parse_choice` can read ``text``."""
    try:
        parse_choice(text)
    except ValueError:
        return False
    return True
