"""Refine corrected tracks anew, around the corrections only.

A frame of a track needs a new answer where a row that was found has another neighbour in its track than before,
where its sides are exchanged against its neighbour's, or where a joint was put into place: an *event*. The refiner
is run over the track for as many frames around events as it can see (:class:`Around`), then its answer fades into the
old one. Everything further away keeps exactly the numbers that it had, whatever its id is now.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from pipeline.corrections.apply import Corrected, apply, corrected_rows
from pipeline.corrections.entries import Correction, to_json
from pipeline.corrections.keyposes import REACH, through_keys
from pipeline.corrections.table import Table, joined, known_sigmas
from pipeline.errors import InputError
from pipeline.formats import PoseFile, PoseFrame
from pipeline.refine import StreamRefiner, build_refiner
from pipeline.types import Frame, FrameResult

#: refined pieces of tracks, by what they were made of
Memory = Dict[bytes, Table]
_LEAST_SECONDS = 0.5  # that are refined anew on both sides: filters without a window have a long memory


@dataclass(frozen=True)
class Around:
    """How far around an event tracks are refined anew, in frames.

    Attributes:
        core: taken as the refiner says.
        fade: further ones, in which its answer turns into the old one.
    """

    core: int
    fade: int

    @property
    def reach(self) -> int:
        """Frames from an event to the last one that may change."""
        return self.core + self.fade - 1

    @classmethod
    def of(cls, refiner: StreamRefiner, table: Table) -> 'Around':
        fps = 1 / table.step
        least = max(_LEAST_SECONDS, REACH) * fps
        core = max(refiner.latency(fps, _stride(table)), int(np.ceil(least)))
        return cls(core, max(core // 2, 8))

    def shares(self, events: np.ndarray, count: int) -> np.ndarray:
        """``(F,)`` in 0..1, how much of the new answer each of ``count`` frames takes, of events' positions."""
        away = np.full(count, np.inf)
        frames = np.arange(count)
        order = np.unique(events)
        at = np.searchsorted(order, frames)
        for side in (at, at - 1):
            there = (side >= 0) & (side < len(order))
            away[there] = np.minimum(away[there], np.abs(order[side[there]] - frames[there]))
        return np.clip(1 - (away - self.core) / self.fade, 0, 1)


def refiner_of(table: Table, device: str = 'cpu') -> StreamRefiner:
    """The refiner that made the table, by its record; the default one where it does not say.

    Raises:
        InputError: if that cannot be built, because its weights are not here.
    """
    options = table.run.get('options')
    spec = options.get('refiner') if isinstance(options, Mapping) else None
    if isinstance(spec, Mapping):
        spec = {name: value for name, value in spec.items() if name != 'network'}
    elif not isinstance(spec, str):
        spec = 'hanet'
    return build_refiner(spec, table.skeleton, device)


def refined_around(
    table: Table,
    corrections: Sequence[Correction],
    refiner: Optional[StreamRefiner] = None,
    place: str = 'corrections',
    memory: Optional[Memory] = None,
) -> Table:
    """The table as the corrections want it.

    Args:
        table: the people as the chain wrote them.
        refiner: that made it; None for the one of its record.
        place: what messages call the list.
        memory: of this table and refiner. What was refined in an earlier call is taken from there, so that one more
            correction costs the time of one, however many there are.

    Returns:
        A table of the same frames, sorted by frame and id. Rows further than :attr:`Around.reach` from every
        event are the old ones, but for ids and exchanged sides.

    Raises:
        InputError: for a correction that does not fit, or a table that has been corrected already.
    """
    _not_twice(table, place)
    state = apply(table, corrections, place)
    rows = corrected_rows(table, state)
    bridges = _broken_bridges(table, state)[state.ids > 0]
    events = _events(table, state)
    pieces = [rows.rows(np.flatnonzero(~np.isin(rows.track_ids, list(events)) & ~bridges))]
    for person, positions in events.items():
        refiner = refiner or refiner_of(table)
        mine = rows.track_ids == person
        shares = Around.of(refiner, table).shares(positions, len(table.frames))
        old = rows.rows(np.flatnonzero(mine & ~bridges))
        away = table.position[state.ids == -person]
        pieces.append(_blended(old, _refined(old, shares > 0, refiner, away, memory), shares))
    whole = joined(pieces).sorted()
    run = dict(table.run)
    if corrections:
        run['options'] = {**run.get('options', {}), 'corrections': [to_json(entry) for entry in corrections]}
    return replace(through_keys(table, whole, state), run=run)


def corrected_poses(
    poses: PoseFile,
    corrections: Sequence[Correction],
    refiner: Union[None, StreamRefiner] = None,
    place: str = 'corrections',
) -> PoseFile:
    """:func:`refined_around` of a pose file.

    Raises:
        InputError: for a correction that does not fit, or poses that cannot be corrected.
    """
    table = refined_around(Table.of(poses), corrections, refiner, place)
    frames = [PoseFrame(old.index, old.time, people) for old, people in zip(poses.frames, table.people())]
    return replace(poses, frames=frames, run=table.run)


def _not_twice(table: Table, place: str) -> None:
    options = table.run.get('options')
    done = options.get('corrections') if isinstance(options, Mapping) else None
    if isinstance(done, list) and done:
        raise InputError(f'{place}: these poses have been corrected already; give those that the chain wrote')


def _neighbours(table: Table, ids: np.ndarray, found: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """``(R,)`` each: the row found before, and after, in the same track; -1 where there is none."""
    before, after = np.full((2, len(ids)), -1)
    rows = np.flatnonzero(found & (ids > 0))
    rows = rows[np.lexsort((table.position[rows], ids[rows]))]
    same = ids[rows[1:]] == ids[rows[:-1]]
    before[rows[1:][same]], after[rows[:-1][same]] = rows[:-1][same], rows[1:][same]
    return before, after


def _events(table: Table, state: Corrected) -> Mapping[int, np.ndarray]:
    """By id, the positions of the frames around which its track is another one than before."""
    known = ~table.filled
    new = state.found & (state.ids > 0)
    changed = new & ~known
    changed[[key.row for key in state.keys]] = True
    for was, now in zip(_neighbours(table, table.track_ids, known), _neighbours(table, state.ids, state.found)):
        changed |= new & (was != now)
        changed |= (now >= 0) & (state.flipped != state.flipped[now])
    rows = np.flatnonzero(changed)
    return {int(i): table.position[rows[state.ids[rows] == i]] for i in np.unique(state.ids[rows])}


def _broken_bridges(table: Table, state: Corrected) -> np.ndarray:
    """``(R,)`` bool: bridged rows that no longer have the ends between which they were bridged."""
    order = np.lexsort((table.position, table.track_ids))
    known, ids = ~table.filled[order], table.track_ids[order]
    count = np.arange(len(order))
    last = np.maximum.accumulate(np.where(known, count, -1))
    following = np.minimum.accumulate(np.where(known, count, len(order))[::-1])[::-1]
    ends = []
    for at in (last, following):
        inside = (at >= 0) & (at < len(order))
        inside[inside] &= ids[at[inside]] == ids[inside]
        rows = np.full(len(order), -1)
        rows[order[inside]] = order[at[inside]]
        ends.append(rows)
    broken = np.zeros(len(order), bool)
    for end in ends:
        there = end >= 0
        broken |= there & ((state.ids != state.ids[end]) | (state.flipped != state.flipped[end]))
    between = (ends[0] >= 0) & (ends[1] >= 0)
    _, after = _neighbours(table, state.ids, state.found)
    broken |= between & (after[ends[0]] != ends[1])
    return broken & ~state.found


def _stride(table: Table) -> int:
    """Every how many-th frame was analysed."""
    options = table.run.get('options')
    every = options.get('every', 1) if isinstance(options, Mapping) else 1
    return every if isinstance(every, int) and every >= 1 else 1


def _refined(
    old: Table, wanted: np.ndarray, refiner: StreamRefiner, away: np.ndarray, memory: Optional[Memory]
) -> Table:
    """The rows of one person, refined where ``wanted`` ``(F,)`` is true; at the positions ``away`` is nobody.

    Filled rows are not refined, but bridged anew.
    """
    count, every, absent = len(wanted), _stride(old), set(away.tolist())
    margin = Around.of(refiner, old).core
    picture = np.broadcast_to(np.zeros(3, np.uint8), (old.size[1], old.size[0], 3))

    def results(begin: int, end: int) -> Iterator[FrameResult]:
        for at, raw in enumerate(old.people(begin, end), begin):
            watched = at % every == 0 or at == count - 1
            frame = Frame(int(old.frames[at]), float(old.times[at]), picture, watched)
            yield FrameResult(frame, replace(raw, keypoints=raw.keypoints_raw, keypoint_sigmas=None))

    pieces = [old.rows(np.arange(0))]
    for first, last in _runs(wanted):
        begin, end = max(first - margin, 0), min(last + margin + 1, count)
        key = _digest(old, away, begin, end, first, last)
        if memory is None or key not in memory:
            stream = enumerate(refiner.stream(results(begin, end)), begin)
            people = [result.people[: 0 if at in absent else None] for at, result in stream if first <= at <= last]
            piece = Table.from_people(old.skeleton, old.frames, old.times, people)
            piece = replace(piece, position=piece.position + first)
            if memory is not None:
                memory[key] = piece
        pieces.append(piece if memory is None else memory[key])
    return joined(pieces)


def _digest(old: Table, away: np.ndarray, *places: int) -> bytes:
    """Tells apart all that a refined piece depends on, given table and refiner."""
    begin, end = places[:2]
    rows = slice(*np.searchsorted(old.position, (begin, end)))
    digest = hashlib.sha256(np.array(places).tobytes())
    for values in (old.position, old.track_ids, old.keypoints_raw, old.keypoint_scores, old.filled):
        digest.update(values[rows].tobytes())
    digest.update(away[(away >= begin) & (away < end)].tobytes())
    return digest.digest()


def _runs(mask: np.ndarray) -> List[Tuple[int, int]]:
    """First and last index of every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2])]


def _blended(old: Table, new: Table, shares: np.ndarray) -> Table:
    """The rows of one person: old ones, new ones, and both mixed where ``shares`` ``(F,)`` are between 0 and 1."""
    partner = np.full(len(shares), -1)
    partner[old.position] = np.arange(len(old))
    partner = partner[new.position]  # (R of new,), its old row
    share = shares[new.position][:, None]
    mixed = (partner >= 0) & (share[:, 0] < 1)
    keypoints, sigmas = new.keypoints.copy(), known_sigmas(new).copy()
    for values, others in ((keypoints, old.keypoints), (sigmas, known_sigmas(old))):
        part = share[mixed].reshape(-1, *[1] * (values.ndim - 1))
        blend = part * values[mixed] + (1 - part) * others[partner[mixed]]
        values[mixed] = np.where(np.isnan(blend), values[mixed], blend)
    kept = (shares[old.position] < 1) & ~np.isin(old.position, new.position)
    blended = new.rows(np.arange(len(new)), keypoints=keypoints, keypoint_sigmas=sigmas)
    if new.keypoint_sigmas is None and old.keypoint_sigmas is None:
        blended = replace(blended, keypoint_sigmas=None)
    return joined([old.rows(np.flatnonzero(kept)), blended])
