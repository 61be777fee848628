"""Left and right: exchanges that an estimator makes are undone, and those that only a network makes are taken back.

An estimator that takes a left leg for the right one does it from one frame to the next: its track jumps to the other
side, and back when it has found out. No leg moves like that: where a jump is not the way that it was going, and another
follows soon, what lies between them has its sides exchanged. A network learns to undo such things as well, but misses
some, and now and then undoes what never was: where its answer has the sides of a limb exchanged although the estimate
goes on at both ends of that as it went before, the estimate is kept, smoothed.
Legend: ``B`` windows, ``T`` frames, ``K`` joints, ``L`` those of a limb on both sides.
"""

from typing import Iterator, List, Sequence, Tuple

import numpy as np

from pipeline.refine.polish import polish

#: of the figure's size: by how much farther a limb has to be from where it was, and from where it was going, than from
#: where its mirror limb was, to have jumped; and how many times as far
JUMP, TIMES = 0.03, 1.7
#: seconds from one frame to the next, at most: a runner's legs change places in more
SLOWEST = 0.075
#: seconds between two jumps, at most: an estimator that was wrong for longer may as well have been right
LONGEST = 0.6
#: an answer has a limb's sides exchanged where it is that many times as far from the other side's estimate as from its
#: own, or nearer, and both estimates are this far apart (of the figure's size)
NEARER, APART = 0.7, 0.05
#: of the figure's size: by how much nearer a limb has to be to where it was than to where its mirror limb was, in the
#: frames around an end, for the track to go on
GOES_ON = 0.02
_AROUND = 2  # frames before and after an end
_REACH = 0.06  # seconds, of the smoothing of what is kept
_FADE = np.exp(-0.5 * np.arange(-3, 4) ** 2) / np.exp(-0.5 * np.arange(-3, 4) ** 2).sum()

Pair = Tuple[List[int], List[int]]  # joints of both sides of a limb, and their mirror joints


def limb_pairs(names: Sequence[str]) -> List[Pair]:
    """Arms and legs, and what is left of them below each joint, among joints of these names.

    The joints of both sides, and for each of them its mirror joint; none of a limb of which a joint is not there.
    """
    index, pairs = {name: k for k, name in enumerate(names)}, []
    for limb in (('shoulder', 'elbow', 'wrist'), ('hip', 'knee', 'ankle')):
        if all(f'{side}_{part}' in index for side in ('left', 'right') for part in limb):
            left, right = ([index[f'{side}_{part}'] for part in limb] for side in ('left', 'right'))
            pairs += [(left[first:] + right[first:], right[first:] + left[first:]) for first in range(3)]
    return pairs


def undo_exchanges(estimate: np.ndarray, times: np.ndarray, pairs: Sequence[Pair]) -> np.ndarray:
    """Put limbs back on their sides between two jumps of an estimate.

    Args:
        estimate: ``(B, T, K, D)`` px.
        times: ``(B, T)`` seconds.
        pairs: of :func:`limb_pairs`.

    Returns:
        ``(B, T, K, D)``; the same array where nothing was to be done.
    """
    size = _size(estimate)
    undone = estimate
    for limb, mirror in pairs:
        jumps = _jumps(undone[:, :, limb], undone[:, :, mirror], size) & (np.diff(times, axis=1) < SLOWEST)
        for window in np.flatnonzero(jumps.sum(axis=1) > 1):
            for first, end in _between(np.flatnonzero(jumps[window]) + 1, times[window]):
                if undone is estimate:
                    undone = estimate.copy()
                undone[window, first:end, limb] = undone[window, first:end, mirror]
    return undone


def _jumps(own: np.ndarray, other: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Whether the step from each frame to the next is one to the other side; ``(B, T, L, D)`` to ``(B, T - 1)``."""
    step = np.diff(own, axis=1)
    turn = np.linalg.norm(np.diff(step, axis=1), axis=-1).mean(axis=-1)
    stays = np.linalg.norm(step, axis=-1).mean(axis=-1)
    # or goes where it was going, or comes from where it goes on: legs that pass each other do
    stays[:, 1:], stays[:, :-1] = np.minimum(stays[:, 1:], turn), np.minimum(stays[:, :-1], turn)
    changes = _distance(own[:, 1:], other[:, :-1])
    return (stays - changes > JUMP * size) & (stays > TIMES * changes)


def _between(jumps: np.ndarray, times: np.ndarray) -> Iterator[Tuple[int, int]]:
    """Pairs of ``jumps``, frames, that are near in time; none is used twice."""
    last = None
    for frame in jumps.tolist():
        if last is not None and times[frame] - times[last] <= LONGEST:
            yield last, frame
            last = None
        else:
            last = frame


def keep_sides(
    answer: np.ndarray, estimate: np.ndarray, scores: np.ndarray, times: np.ndarray, pairs: Sequence[Pair]
) -> np.ndarray:
    """Take back exchanges of sides for which the estimate gives no reason.

    Args:
        answer: ``(B, T, K, D)`` px, of a network.
        estimate: ``(B, T, K, D)`` px, what it was given.
        scores: ``(B, T, K)`` of it.
        times: ``(B, T)`` seconds.
        pairs: of :func:`limb_pairs`.

    Returns:
        ``(B, T, K, D)``, of the type of ``answer``; the same array where nothing was to be done.
    """
    size = _size(estimate)
    kept = answer
    for limb, mirror in pairs:
        own, other, answered = estimate[:, :, limb], estimate[:, :, mirror], answer[:, :, limb]
        nearer = _distance(answered, other) < NEARER * _distance(answered, own)
        exchanged = nearer & (_distance(own, other) > APART * size)
        if not exchanged.any():
            continue
        groundless = _groundless(exchanged, own, other, size)
        if not groundless.any():
            continue
        if kept is answer:
            kept = answer.copy()
        share = np.apply_along_axis(np.convolve, 1, groundless, _FADE, 'same')[..., None, None]
        calm = polish(own, scores[:, :, limb], times, _REACH)
        kept[:, :, limb] += (share * (calm - kept[:, :, limb])).astype(kept.dtype)
    return kept


def _groundless(exchanged: np.ndarray, own: np.ndarray, other: np.ndarray, size: np.ndarray) -> np.ndarray:
    """1 in spells of ``exchanged`` ``(B, T)`` at whose ends, as far as a window shows them, the estimate goes on."""
    # by how much the step from each frame to the next is shorter than one to the other side
    goes_on = _distance(own[:, 1:], other[:, :-1]) - _distance(own[:, 1:], own[:, :-1])
    groundless = np.zeros(exchanged.shape)
    for window, first, end in _spells(exchanged):
        ends = [i for i in (first, end) if 0 < i < exchanged.shape[1]]
        least = [goes_on[window, max(i - 1 - _AROUND, 0) : i + _AROUND].min() for i in ends]
        if ends and min(least) > GOES_ON * size[window]:
            groundless[window, max(first - _AROUND, 0) : end + _AROUND] = 1
    return groundless


def _spells(which: np.ndarray) -> Iterator[Tuple[int, int, int]]:
    """Row, first column and the one after the last of each run of true values in ``(B, T)``."""
    changes = np.diff(np.pad(which, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, firsts = np.nonzero(changes == 1)
    _, ends = np.nonzero(changes == -1)
    yield from zip(rows.tolist(), firsts.tolist(), ends.tolist())


def _distance(poses: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Mean over joints, ``(B, T)``."""
    return np.linalg.norm(poses - others, axis=-1).mean(axis=-1)


def _size(poses: np.ndarray) -> np.ndarray:
    """Of the figure, ``(B, 1)``: its longer side in the median frame."""
    return np.median(np.ptp(poses, axis=2).max(axis=-1), axis=1)[:, None]
