"""Apply corrections to tracks before the refiner: who is who, which side is left, where a joint is.

Nothing is refined here, and nothing is changed in place: a table goes in, and what becomes of each of its rows
comes out.
"""

from dataclasses import dataclass, replace
from typing import Any, Callable, Dict, List, Sequence, Tuple, Type

import numpy as np

from pipeline.corrections.entries import (
    Athlete,
    Correction,
    Delete,
    Joint,
    Merge,
    Split,
    SwapIds,
    SwapSides,
)
from pipeline.corrections.table import Table
from pipeline.errors import InputError


@dataclass(frozen=True)
class Key:
    """A joint whose place is known: ``joint`` of ``row`` is at ``xy``, ``(2,)`` px."""

    row: int
    joint: int
    xy: Tuple[float, float]


@dataclass(frozen=True)
class Corrected:
    """What becomes of the rows of a table.

    Attributes:
        ids: ``(R,)`` int64, whose each row is now; 0 for nobody's, -N where it was said that person N is not there:
            no bridge of the refiner may fill that.
        flipped: ``(R,)`` bool, whether left and right joints are exchanged.
        found: ``(R,)`` bool, whether the row is an observation; others are bridges of the refiner.
        keys: joints whose place is known, no joint twice.
    """

    ids: np.ndarray
    flipped: np.ndarray
    found: np.ndarray
    keys: Tuple[Key, ...] = ()


def apply(table: Table, corrections: Sequence[Correction], place: str = 'corrections') -> Corrected:
    """Apply ``corrections`` in their order.

    Args:
        table: the people as the chain wrote them.
        place: what messages call the list.

    Raises:
        InputError: for a person, frame or joint that is not there, an id that is taken, or people that were
            never tracked; it names the entry.
    """
    if (table.track_ids < 1).any():
        raise InputError(f'{place}: the poses have people without an id; corrections need tracks')
    state = Corrected(table.track_ids.copy(), np.zeros(len(table), bool), ~table.filled)
    for number, correction in enumerate(corrections):
        try:
            state = _STEPS[type(correction)](table, state, correction)
        except InputError as error:
            raise InputError(f'{place}[{number}]: {error}') from error
    return state


def corrected_rows(table: Table, state: Corrected) -> Table:
    """The rows that are somebody's, with new ids, sides and known joints, before and after the refiner alike.

    Known joints are in ``keypoints_raw``, with score 1; ``keypoints`` are still those of the old tracks.
    """
    # left and right first, all at once: known joints are said of the sides as they are then
    flips = np.asarray(table.skeleton.flip_indices)
    order = np.where(state.flipped[:, None], flips, np.arange(len(flips)))  # (R, K)
    keypoints, raw = (np.take_along_axis(p, order[..., None], axis=1) for p in (table.keypoints, table.keypoints_raw))
    scores = np.take_along_axis(table.keypoint_scores, order, axis=1)
    sigmas = table.keypoint_sigmas
    if sigmas is not None:
        sigmas = np.take_along_axis(sigmas, order, axis=1)
    for key in state.keys:
        raw[key.row, key.joint], scores[key.row, key.joint] = key.xy, 1.0
    alive = np.flatnonzero(state.ids > 0)
    return table.rows(
        alive,
        keypoints=keypoints[alive],
        keypoints_raw=raw[alive],
        keypoint_scores=scores[alive],
        track_ids=state.ids[alive],
        filled=~state.found[alive],
        keypoint_sigmas=None if sigmas is None else sigmas[alive],
    )


def _rows_of(state: Corrected, *ids: int) -> List[np.ndarray]:
    """A mask of the rows of each id, which all have to be there; rows that were deleted follow their person."""
    for i in ids:
        if not (state.ids == i).any():
            raise InputError(f'person {i} is not there: there are {_listed(np.unique(state.ids[state.ids > 0]))}')
    return [np.abs(state.ids) == i for i in ids]


def _listed(ids: np.ndarray) -> str:
    shown = ', '.join(map(str, ids[:12].tolist())) or 'none'
    return shown + (' …' if len(ids) > 12 else '')


def _between(table: Table, start, end) -> np.ndarray:
    """``(R,)`` bool, the rows of the frames from ``start`` to ``end``, both included."""
    frames = table.frames[table.position]
    return (frames >= (-1 if start is None else start)) & (frames <= (np.inf if end is None else end))


def _known_frame(table: Table, frame: int) -> None:
    at = int(np.searchsorted(table.frames, frame))
    if at == len(table.frames) or table.frames[at] != frame:
        there = f'{table.frames[0]} to {table.frames[-1]}' if len(table.frames) else 'none'
        raise InputError(f'frame {frame} is not in the poses: there are {there}')


def _swap_ids(table: Table, state: Corrected, entry: SwapIds) -> Corrected:
    one, other = _rows_of(state, *entry.ids)
    meant = _between(table, entry.start, entry.end)
    ids = state.ids.copy()
    for mask, new in ((one, entry.ids[1]), (other, entry.ids[0])):
        ids[mask & meant] = new * np.sign(ids[mask & meant])
    return replace(state, ids=ids)


def _swap_sides(table: Table, state: Corrected, entry: SwapSides) -> Corrected:
    (person,) = _rows_of(state, entry.id)
    meant = person & _between(table, entry.start, entry.end)
    flips = table.skeleton.flip_indices
    keys = tuple(replace(key, joint=flips[key.joint]) if meant[key.row] else key for key in state.keys)
    return replace(state, flipped=state.flipped ^ meant, keys=keys)


def _merge(table: Table, state: Corrected, entry: Merge) -> Corrected:
    person, into = _rows_of(state, entry.id, entry.into)
    ids = state.ids.copy()
    ids[person] = entry.into * np.sign(ids[person])
    # where both are, one has to go: the bridge before the found one, else the one that comes in
    row_of = np.full((2, len(table.frames)), -1)
    for side, mask in enumerate((person, into)):
        there = np.flatnonzero(mask & (ids > 0))
        row_of[side, table.position[there]] = there
    mine, theirs = row_of[:, (row_of >= 0).all(axis=0)]
    bridged = state.found[mine] & ~state.found[theirs]
    ids[np.where(bridged, theirs, mine)] = 0
    return replace(state, ids=ids, keys=_of_living(state.keys, ids))


def _split(table: Table, state: Corrected, entry: Split) -> Corrected:
    (person,) = _rows_of(state, entry.id)
    _known_frame(table, entry.frame)
    if (state.ids == entry.new).any():
        raise InputError(f'new {entry.new}: is somebody already; free is {int(state.ids.max()) + 1}')
    later = person & _between(table, entry.frame, None)
    return replace(state, ids=np.where(later, entry.new * np.sign(state.ids), state.ids))


def _delete(table: Table, state: Corrected, entry: Delete) -> Corrected:
    (person,) = _rows_of(state, entry.id)
    ids = np.where(person & _between(table, entry.start, entry.end), -entry.id, state.ids)
    return replace(state, ids=ids, keys=_of_living(state.keys, ids))


def _athlete(table: Table, state: Corrected, entry: Athlete) -> Corrected:
    (person,) = _rows_of(state, entry.id)
    ids = np.where(person, state.ids, 0)  # nobody asks for the others' places any more
    return replace(state, ids=ids, keys=_of_living(state.keys, ids))


def _joint(table: Table, state: Corrected, entry: Joint) -> Corrected:
    (person,) = _rows_of(state, entry.id)
    _known_frame(table, entry.frame)
    rows = np.flatnonzero(person & (state.ids > 0) & _between(table, entry.frame, entry.frame))
    if not len(rows):
        there = table.frames[table.position[person]]
        raise InputError(f'person {entry.id} is not in frame {entry.frame}: it is between {there[0]} and {there[-1]}')
    row, joint = int(rows[0]), table.skeleton.index(entry.joint)
    found = state.found.copy()
    found[row] = True  # whoever says where a joint is has seen the person
    others = tuple(key for key in state.keys if (key.row, key.joint) != (row, joint))
    return replace(state, found=found, keys=(*others, Key(row, joint, (entry.x, entry.y))))


def _of_living(keys: Sequence[Key], ids: np.ndarray) -> Tuple[Key, ...]:
    return tuple(key for key in keys if ids[key.row] > 0)


_Step = Callable[[Table, Corrected, Any], Corrected]
_STEPS: Dict[Type[Any], _Step] = {
    SwapIds: _swap_ids,
    SwapSides: _swap_sides,
    Merge: _merge,
    Split: _split,
    Delete: _delete,
    Athlete: _athlete,
    Joint: _joint,
}
