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

from pipeline.refine.polish import figure_size, polish

#: A step is a jump if a limb is farther from where it was, and from where it was going, than from where its mirror limb
#: was: by JUMP of the figure's size, and TIMES as far. Distances are means over the limb's joints.
JUMP, TIMES = 0.03, 1.7
#: seconds from one frame to the next, at most: a runner's legs change places in more
SLOWEST = 0.075
#: seconds between two jumps, at most; what lies between has to be at most this share of what surrounds it: an estimator
#: that was wrong for longer may as well have been right
LONGEST, MINORITY = 0.6, 0.5
#: An answer has a limb's sides exchanged where it is less than NEARER times as far from the other side's estimate as
#: from its own, and both estimates are APART of the figure's size from each other.
NEARER, APART = 0.7, 0.05
#: of the figure's size: by how much nearer a limb has to be to where it was than to where its mirror limb was, in the
#: frames around an end, for the track to go on
GOES_ON = 0.02
_AROUND = 2  # frames before and after an end
_REACH = 0.06  # seconds, of the smoothing of what is kept
# how what is kept fades in and out over seven frames
_FADE = np.exp(-0.5 * np.arange(-3, 4) ** 2)
_FADE /= _FADE.sum()

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


def undo_exchanges(
    estimate: np.ndarray, scores: np.ndarray, times: np.ndarray, pairs: Sequence[Pair]
) -> Tuple[np.ndarray, np.ndarray]:
    """Put limbs back on their sides between two jumps of an estimate.

    Args:
        estimate: ``(B, T, K, D)`` px.
        scores: ``(B, T, K)``.
        times: ``(B, T)`` seconds.
        pairs: of :func:`limb_pairs`.

    Returns:
        estimate and scores, of the same shapes; the same arrays where nothing was to be done.
    """
    size = figure_size(estimate, scores)
    undone, moved = estimate, scores
    for limb, mirror in pairs:
        jumps = _jumps(undone[:, :, limb], undone[:, :, mirror], size) & (np.diff(times, axis=1) < SLOWEST)
        for window in np.flatnonzero(jumps.sum(axis=1) > 1):
            for first, end in _brief(np.flatnonzero(jumps[window]) + 1, times[window]):
                if undone is estimate:
                    undone, moved = estimate.copy(), scores.copy()
                undone[window, first:end, limb] = undone[window, first:end, mirror]
                moved[window, first:end, limb] = moved[window, first:end, mirror]
    return undone, moved


def _jumps(own: np.ndarray, other: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Whether the step from each frame to the next is one to the other side; ``(B, T, L, D)`` to ``(B, T - 1)``."""
    step = np.diff(own, axis=1)
    turn = np.linalg.norm(np.diff(step, axis=1), axis=-1).mean(axis=-1)
    stays = np.linalg.norm(step, axis=-1).mean(axis=-1)
    # or goes where it was going, or comes from where it goes on: legs that pass each other do
    stays[:, 1:], stays[:, :-1] = np.minimum(stays[:, 1:], turn), np.minimum(stays[:, :-1], turn)
    changes = _distance(own[:, 1:], other[:, :-1])
    return (stays - changes > JUMP * size) & (stays > TIMES * changes)


def _brief(jumps: np.ndarray, times: np.ndarray) -> Iterator[Tuple[int, int]]:
    """First frames and ends of spells between two ``jumps`` that are brief against what surrounds them.

    Jumps that follow each other soon are judged together: either every second spell between them was exchanged, or the
    others and what lies before and after. Where it is not clear which, nothing is said.
    """
    for near in np.split(jumps, np.flatnonzero(np.diff(times[jumps]) > LONGEST) + 1):
        if len(near) < 2:
            continue
        edges = times[near]
        before, after = min(edges[0] - times[0], LONGEST), min(times[-1] - edges[-1], LONGEST)
        spells = np.concatenate([[before], np.diff(edges), [after]])  # seconds
        for odd in (1, 0):
            if spells[odd::2].sum() <= MINORITY * spells[1 - odd :: 2].sum():
                # a spell at an end is not between two jumps
                yield from zip(near[1 - odd :: 2].tolist(), near[2 - odd :: 2].tolist())


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
    size = figure_size(estimate, scores)
    share = np.zeros(scores.shape)  # of what is kept in place of the answer
    for limb, mirror in pairs:
        own, other, answered = estimate[:, :, limb], estimate[:, :, mirror], answer[:, :, limb]
        apart = _distance(own, other) > APART * size
        exchanged = apart & (_distance(answered, other) < NEARER * _distance(answered, own))
        if exchanged.any():
            groundless = _groundless(exchanged, apart, own, other, size)
            share[:, :, limb] = np.maximum(share[:, :, limb], groundless[:, :, None])
    taken = share.any(axis=(0, 1))
    if not taken.any():
        return answer
    beyond = len(_FADE) // 2
    padded = np.pad(share[:, :, taken], ((0, 0), (beyond, beyond), (0, 0)), 'edge')
    faded = sum(weight * padded[:, i : i + share.shape[1]] for i, weight in enumerate(_FADE))[..., None]
    calm = polish(estimate[:, :, taken], scores[:, :, taken], times, _REACH)
    kept = answer.copy()
    kept[:, :, taken] += (faded * (calm - answer[:, :, taken])).astype(kept.dtype)
    return kept


def _groundless(
    exchanged: np.ndarray, apart: np.ndarray, own: np.ndarray, other: np.ndarray, size: np.ndarray
) -> np.ndarray:
    """1 in spells of ``exchanged`` ``(B, T)`` at whose ends, as far as a window shows them, the estimate goes on.

    Where both sides are not ``apart`` at an end, as when legs pass each other, nobody can tell.
    """
    frames = exchanged.shape[1]
    # by how much the step from each frame to the next is shorter than one to the other side
    goes_on = _distance(own[:, 1:], other[:, :-1]) - _distance(own[:, 1:], own[:, :-1])
    groundless = np.zeros(exchanged.shape)
    for window, first, end in _spells(exchanged):
        ends = [(first, first - 1)] * (first > 0) + [(end, end)] * (end < frames)  # and the first frame outside
        told = [
            apart[window, outside]
            and goes_on[window, max(at - 1 - _AROUND, 0) : at + _AROUND].min() > GOES_ON * size[window, 0]
            for at, outside in ends
        ]
        if told and all(told):
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
