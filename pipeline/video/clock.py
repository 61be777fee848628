"""Turn the time stamps of a file into times at which its pictures are shown, whatever is wrong with them.

Recorders join files, cameras lose packets, editors write a stamp twice. The rule here: every stamp that can
be right is kept, and only what cannot be is moved, as little as it takes to give each picture a time of its own.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import List, Optional, Tuple

import numpy as np

MISSING = np.iinfo(np.int64).min  # a packet without a stamp

_PATIENCE = 3  # so many stamps in a row may be wrong; more are a clock that was set anew
_REORDERED = 16  # pictures between storing and showing one, as codecs allow
_ABSURD = 2**60  # ticks
_LONGEST_PAUSE = 24 * 3600  # seconds; a longer one is a broken clock


@dataclass(frozen=True)
class ShownTimes:
    """When the pictures of a file are shown.

    Attributes:
        origin: the stamp of the first of them, on the file's clock.
        ticks: ``(F,)`` in the order of showing, increasing from 0, in ticks of the file's clock.
        order: ``(F,)`` int64, the place among them of each packet in the order of storing.
        shifts: ticks that were added from the beginning on and from each place on where the clock was set
            anew; one 0 for most files.
        repaired: whether any stamp was not as it should be: then only ``order`` tells whose it was.
    """

    origin: int
    ticks: np.ndarray
    order: np.ndarray
    shifts: Tuple[float, ...] = (0,)
    repaired: bool = False


def shown_times(shown: np.ndarray, stored: np.ndarray, tick: Fraction, reorders: bool) -> Optional[ShownTimes]:
    """Times of a file's pictures from its stamps.

    Stamps that are missing, doubled, or run back or ahead for up to three packets are put between their
    neighbours. From where a clock is set back for good (joined recordings), or ahead by more than a day, the
    pictures follow those before. A pause of less is kept.

    Args:
        shown: ``(F,)`` int64, stamps at which the pictures are shown, in the order of storing; may be ``MISSING``.
        stored: ``(F,)`` int64, stamps at which they are to be decoded; may be ``MISSING``.
        tick: seconds of a unit of the stamps.
        reorders: whether pictures are stored in another order than shown (B-frames).

    Returns:
        None where less than half of the pictures have a stamp, or it stands still, or goes on by days: there is
        no clock then.
    """
    base = int(np.median(np.clip(shown[shown != MISSING], -_ABSURD, _ABSURD))) if (shown != MISSING).any() else 0
    from_base, stored = _relative(shown, base), _relative(stored, base)
    known, has_stored = from_base != MISSING, 2 * (stored != MISSING).sum() > len(stored)
    if 2 * known.sum() < len(shown):
        return None
    clock = _complete(stored if has_stored else from_base)
    usual = np.diff(clock)
    if 2 * (usual == 0).sum() > len(usual):
        return None
    step = float(np.median(usual[usual > 0])) if (usual > 0).any() else 1.0
    if step > _LONGEST_PAUSE / float(tick):
        return None
    if reorders and not has_stored:  # nothing says in which order the stamps should be
        clock = np.sort(clock)
    starts, bad = _sections(clock, _LONGEST_PAUSE / float(tick))
    bad |= ~known
    ticks, shifts = _joined(from_base, starts, bad, step)
    bad |= _misplaced(ticks, from_base - clock if has_stored else np.zeros(len(ticks)), step)
    if bad.any():
        _fill(ticks, bad, step, _PATIENCE if reorders else 1)
    order = np.argsort(ticks, kind='stable')
    sorted_ticks, nudged = _distinct(ticks[order], step)
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    repaired = bool(bad.any() or nudged or len(shifts) > 1)
    if not repaired:
        return ShownTimes(int(shown[order[0]]), shown[order] - shown[order[0]], places)
    return ShownTimes(base + round(sorted_ticks[0]), sorted_ticks - sorted_ticks[0], places, shifts, True)


def times_of_storing(stored: np.ndarray, tick: Fraction, delay: int) -> Optional[ShownTimes]:
    """The same for files that say only when pictures are to be decoded, such as AVI with B-frames.

    The first picture is shown when ``delay`` others have been stored, and so on; what is skipped there (dropped
    pictures) is a pause here. ``order`` is that of storing: which picture is which, only the decoder tells.
    """
    times = shown_times(stored, stored, tick, reorders=False)
    if times is None or not delay or len(times.ticks) <= delay:
        return times
    step = float(np.median(np.diff(times.ticks)))
    ticks = np.concatenate([times.ticks[delay:], times.ticks[-1] + step * np.arange(1, delay + 1)])
    return ShownTimes(times.origin + round(ticks[0]), ticks - ticks[0], times.order, times.shifts, times.repaired)


def _relative(stamps: np.ndarray, base: int) -> np.ndarray:
    """Stamps counted from ``base``, which floats then hold exactly; those that are absurd are missing."""
    ticks = np.clip(stamps, -_ABSURD * 2, _ABSURD * 2) - base
    return np.where((stamps == MISSING) | (np.abs(ticks) > 2**52), MISSING, ticks)


def _complete(stamps: np.ndarray) -> np.ndarray:
    """``stamps`` as floats, missing ones interpolated."""
    known = np.flatnonzero(stamps != MISSING)
    values = np.interp(np.arange(len(stamps)), known, stamps[known].astype(float))
    if len(known) > 1:  # decoding begins before anything can be shown: go back at the usual pace
        step = np.median(np.diff(stamps[known]))
        values[: known[0]] = values[known[0]] - step * np.arange(known[0], 0, -1)
        values[known[-1] + 1 :] = values[known[-1]] + step * np.arange(1, len(stamps) - known[-1])
    return values


def _sections(clock: np.ndarray, longest: float) -> Tuple[List[int], np.ndarray]:
    """Cut a clock where it is set anew; it should never decrease.

    Args:
        longest: ticks that it may go ahead at once.

    Returns:
        The packets at which sections begin, and ``(F,)`` bool, which stamps are wrong by themselves.
    """
    starts, bad = [0], np.zeros(len(clock), bool)
    steps = np.diff(clock)
    if not ((steps < 0) | (steps > longest)).any():
        return starts, bad
    kept = [0]  # packets of the section whose stamps are believed
    k, last = 1, len(clock)
    while k < last:
        top, now = clock[kept[-1]], clock[k]
        soon = range(k + 1, min(k + _PATIENCE + 1, last))
        resumed = ahead = None
        if now < top:
            resumed = next((j for j in soon if clock[j] > top), None)
            ahead = next((m for m in range(1, _PATIENCE + 1) if len(kept) > m and clock[kept[-m - 1]] < now), None)
            if resumed is None and ahead is None and last - k <= _PATIENCE:
                resumed = last  # too few to be a recording of their own
        elif now - top > longest:
            resumed = next((j for j in soon if top <= clock[j] < now), None)
        if resumed is not None:
            bad[k:resumed] = True
            k = resumed
            continue
        if ahead is not None:
            bad[kept[-ahead:]] = True
            del kept[-ahead:]
        elif now < top or now - top > longest:
            starts.append(k)
            kept = []
        kept.append(k)
        k += 1
    return starts, bad


def _joined(shown: np.ndarray, starts: List[int], bad: np.ndarray, step: float) -> Tuple[np.ndarray, Tuple[float, ...]]:
    """Stamps with each section moved behind the one before, and the ticks by which each was."""
    ticks, shifts, end = np.where(bad, 0, shown).astype(float), [0.0], None
    for begin, stop in zip(starts, [*starts[1:], len(shown)]):
        mine = begin + np.flatnonzero(~bad[begin:stop])
        if not len(mine):
            continue
        if end is not None and begin:
            shifts.append(end + step - ticks[mine].min())
        ticks[mine] += shifts[-1]
        end = ticks[mine].max()
    return ticks, tuple(shifts)


def _misplaced(ticks: np.ndarray, lag: np.ndarray, step: float) -> np.ndarray:
    """``(F,)`` bool: which stamps codecs could not have given in this order.

    Args:
        lag: ticks between decoding and showing a picture.
    """
    place = np.argsort(np.argsort(ticks, kind='stable'))
    bad = (np.abs(place - np.arange(len(ticks))) > _REORDERED + 1) | (lag < -_PATIENCE * step)
    most = (_REORDERED + 1) * step
    # before a pause that is so, too: but then others follow it, unless the file ends there
    for k in np.flatnonzero(~bad & (lag > most)):
        later = ticks[k + 1 : k + 2 * _REORDERED]
        bad[k] = len(later) >= _PATIENCE and later.max() < ticks[k] - most
    return bad


def _fill(ticks: np.ndarray, bad: np.ndarray, step: float, reach: int) -> None:
    """Put each bad stamp into the widest gap between those stored next to it, ``reach`` on both sides."""
    good = ~bad
    first = int(good.argmax())
    for k in np.flatnonzero(bad):
        begin = max(0, k - _REORDERED)
        before = begin + np.flatnonzero(good[begin:k])[-reach:]
        after = k + 1 + np.flatnonzero(good[k + 1 : k + _REORDERED])[:reach]
        near = np.sort(ticks[np.concatenate([before, after])])
        gaps = np.diff(near)
        if k < first:
            ticks[k] = ticks[first] - step * (first - k)
        elif not len(after) or not len(gaps) or gaps.max() <= 0:
            ticks[k] = near[-1] + step
        else:
            widest = int(gaps.argmax())
            missing = (after[0] - k + 1) if reach == 1 else 2  # of a run, each takes its share of the gap
            ticks[k] = near[widest] + min(gaps[widest] / missing, step)
        good[k] = True


def _distinct(ticks: np.ndarray, step: float) -> Tuple[np.ndarray, bool]:
    """Sorted ``ticks`` with doubled ones spread over the gap that follows, and whether there were any."""
    doubled = np.diff(ticks) <= 0
    if not doubled.any():
        return ticks, False
    values, first, counts = np.unique(ticks, return_index=True, return_counts=True)
    room = np.minimum(np.append(np.diff(values), np.inf) / counts, step)
    within = np.arange(len(ticks)) - np.repeat(first, counts)
    return ticks + within * np.repeat(room, counts), True
