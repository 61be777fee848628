"""Repair left-right inversions of limbs, in what an estimator says and in what a network makes of it.

1. :func:`undo_inversions`, before the network. An estimator that takes a left leg for the right one does so from one
   frame to the next: its track jumps to the other side, and back when it has found out. No leg moves like that. Where
   a limb jumps and soon jumps back, the frames between have its sides inverted.
2. :func:`keep_sides`, after the network, which learns to undo inversions as well but misses some, and now and then
   inverts a limb by itself. Where its answer has the sides of a limb inverted although the estimate goes on smoothly
   at both ends of these frames, the estimate is kept, smoothed.

Legend: ``B`` windows, ``T`` frames, ``K`` joints, ``L`` those of a limb on both sides.
"""

from dataclasses import dataclass
from typing import Iterator, List, Optional, Sequence, Tuple

import numpy as np

from pipeline.refine.polish import polish, window_figure_size
from pipeline.skeletons import mirror_name

#: A step is a jump if a limb is farther from where it was, and from where it was going, than from where its mirror limb
#: was: by JUMP of the figure's size, and TIMES as far. Distances are means over the limb's joints.
JUMP, TIMES = 0.03, 1.7
#: seconds from one frame to the next, at most: a runner's legs change places in more
SLOWEST = 0.075
#: seconds between two jumps, at most; what lies between has to be at most this share of what surrounds it: an estimator
#: that was wrong for longer may as well have been right
LONGEST, MINORITY = 0.6, 0.5
#: An answer has a limb's sides inverted where it is less than NEARER times as far from the other side's estimate as
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


@dataclass(frozen=True)
class SidedLimb:
    """An arm or a leg, or what is left of one below a joint, on both sides.

    Attributes:
        joints: indices by which an inversion is told; those of the left side first.
        mirror: for each of them its mirror joint.
        points: ``joints``, and what hangs on their last ones (toes, fingers): what is put back.
        mirror_points: for each of them its mirror point.
    """

    joints: List[int]
    mirror: List[int]
    points: List[int]
    mirror_points: List[int]


def sided_limbs(names: Sequence[str], hangs_on: Optional[np.ndarray] = None) -> List[SidedLimb]:
    """Arms and legs, and what is left of them below each joint, among joints of these names.

    Args:
        names: of ``K`` joints; a limb of which one is not there is left out.
        hangs_on: ``(K, K)``, rows of sum 1: the joints that each point hangs on. None: nothing hangs on them.
    """
    index, limbs = {name: k for k, name in enumerate(names)}, []
    mirror = [index.get(mirror_name(name), -1) for name in names]
    for parts in (('shoulder', 'elbow', 'wrist'), ('hip', 'knee', 'ankle')):
        if not all(f'{side}_{part}' in index for side in ('left', 'right') for part in parts):
            continue
        left, right = ([index[f'{side}_{part}'] for part in parts] for side in ('left', 'right'))
        ends = [left[-1], right[-1]]
        hanging = [] if hangs_on is None else np.flatnonzero((hangs_on[:, ends] == 1).any(axis=1)).tolist()
        hanging = [k for k in hanging if k not in ends and mirror[k] >= 0]
        for first in range(3):
            joints = left[first:] + right[first:]
            points = joints + hanging
            limbs.append(SidedLimb(joints, [mirror[k] for k in joints], points, [mirror[k] for k in points]))
    return limbs


def undo_inversions(
    estimate: np.ndarray,
    scores: np.ndarray,
    times: np.ndarray,
    limbs: Sequence[SidedLimb],
    body: Optional[Sequence[int]] = None,
) -> Tuple[np.ndarray, np.ndarray]:
    """Put limbs back on their sides between two jumps of an estimate.

    Args:
        estimate: ``(B, T, K, D)`` px.
        scores: ``(B, T, K)``.
        times: ``(B, T)`` seconds.
        limbs: of :func:`sided_limbs`.
        body: the joints by which the figure's size is told; None: all.

    Returns:
        estimate and scores, of the same shapes; the same arrays where nothing was to be done.
    """
    whole = slice(None) if body is None else list(body)
    size = window_figure_size(estimate[:, :, whole], scores[:, :, whole])
    undone, moved = estimate, scores
    for limb in limbs:
        jumps = _jumps(undone[:, :, limb.joints], undone[:, :, limb.mirror], size)
        jumps &= np.diff(times, axis=1) < SLOWEST
        for window in np.flatnonzero(jumps.sum(axis=1) > 1):
            for first, end in _inverted_spells(np.flatnonzero(jumps[window]) + 1, times[window]):
                if undone is estimate:
                    undone, moved = estimate.copy(), scores.copy()
                undone[window, first:end, limb.points] = undone[window, first:end, limb.mirror_points]
                moved[window, first:end, limb.points] = moved[window, first:end, limb.mirror_points]
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


def _inverted_spells(jumps: np.ndarray, times: np.ndarray) -> Iterator[Tuple[int, int]]:
    """First frames and ends of the spells between two ``jumps`` that are brief against what surrounds them.

    Jumps that follow each other soon are judged together: either every second spell between them was inverted, or the
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
    answer: np.ndarray, estimate: np.ndarray, scores: np.ndarray, times: np.ndarray, limbs: Sequence[SidedLimb]
) -> np.ndarray:
    """Take back inversions for which the estimate gives no reason.

    Args:
        answer: ``(B, T, K, D)`` px, of a network.
        estimate: ``(B, T, K, D)`` px, what it was given.
        scores: ``(B, T, K)`` of it.
        times: ``(B, T)`` seconds.
        limbs: of :func:`sided_limbs`.

    Returns:
        ``(B, T, K, D)``, of the type of ``answer``; the same array where nothing was to be done.
    """
    size = window_figure_size(estimate, scores)
    share = np.zeros(scores.shape)  # of what is kept in place of the answer
    for limb in limbs:
        own, other, answered = estimate[:, :, limb.joints], estimate[:, :, limb.mirror], answer[:, :, limb.joints]
        apart = _distance(own, other) > APART * size
        inverted = apart & (_distance(answered, other) < NEARER * _distance(answered, own))
        if inverted.any():
            unsupported = _unsupported(inverted, apart, own, other, size)
            share[:, :, limb.joints] = np.maximum(share[:, :, limb.joints], unsupported[:, :, None])
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


def _unsupported(
    inverted: np.ndarray, apart: np.ndarray, own: np.ndarray, other: np.ndarray, size: np.ndarray
) -> np.ndarray:
    """1 in spells of ``inverted`` ``(B, T)`` at whose ends, as far as a window shows them, the estimate goes on.

    Where both sides are not ``apart`` at an end, as when legs pass each other, nobody can tell.
    """
    frames = inverted.shape[1]
    # by how much the step from each frame to the next is shorter than one to the other side
    goes_on = _distance(own[:, 1:], other[:, :-1]) - _distance(own[:, 1:], own[:, :-1])
    unsupported = np.zeros(inverted.shape)
    for window, first, end in _spells(inverted):
        ends = [(first, first - 1)] * (first > 0) + [(end, end)] * (end < frames)  # and the first frame outside
        told = [
            apart[window, outside]
            and goes_on[window, max(at - 1 - _AROUND, 0) : at + _AROUND].min() > GOES_ON * size[window, 0]
            for at, outside in ends
        ]
        if told and all(told):
            unsupported[window, max(first - _AROUND, 0) : end + _AROUND] = 1
    return unsupported


def _spells(which: np.ndarray) -> Iterator[Tuple[int, int, int]]:
    """Row, first column and the one after the last of each run of true values in ``(B, T)``."""
    changes = np.diff(np.pad(which, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, firsts = np.nonzero(changes == 1)
    _, ends = np.nonzero(changes == -1)
    yield from zip(rows.tolist(), firsts.tolist(), ends.tolist())


def _distance(poses: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Mean over joints, ``(B, T)``."""
    return np.linalg.norm(poses - others, axis=-1).mean(axis=-1)
