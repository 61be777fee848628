"""Let refined tracks pass through joints whose place is known.

A key pose goes into the refiner as an observation of score 1. The refiner has seen many frames that say otherwise and
does not believe it; what is left between its answer and the key is a residual ``r``, px. The track is moved by ``r``
at the key and by less around it, until :data:`REACH` seconds away nothing is moved:

    x'(t) = x(t) + r · (1 - s(|t - key| / REACH)),    s(u) = 6 u⁵ - 15 u⁴ + 10 u³

``s`` (smootherstep: Perlin, "Improving Noise", SIGGRAPH 2002) has no slope and no curvature at both ends, so that the
correction adds no kink. Two keys of a joint closer than REACH share the time between them: each one's share ends
at the other, and as ``s(u) + s(1 - u) = 1`` the track goes from one residual to the other and never beyond.
"""

from typing import Dict, List, Tuple

import numpy as np

from pipeline.corrections.apply import Corrected
from pipeline.corrections.table import Table, known_sigmas

#: seconds that a key reaches to both sides
REACH = 0.3
_LEAST = 3  # frames, likewise, of slow videos
_SURE = 0.5  # px, sigma of a joint that a hand has put into place


def through_keys(table: Table, rows: Table, state: Corrected) -> Table:
    """Move refined rows so that known joints are where they are known to be.

    Args:
        table: that was corrected; ``state.keys`` are of its rows.
        rows: refined, with new ids.
        state: what the corrections have made of ``table``.

    Returns:
        ``rows`` with other ``keypoints`` (exact at the keys) and ``keypoint_sigmas`` around the keys.
    """
    keypoints, sigmas = rows.keypoints.copy(), known_sigmas(rows).copy()
    reach = max(REACH, _LEAST * table.step)
    for (person, joint), keys in _by_joint(table, state).items():
        mine = np.flatnonzero(rows.track_ids == person)
        times = rows.times[rows.position[mine]]
        at = np.array([np.searchsorted(rows.position[mine], position) for position, _ in keys])
        known = np.array([xy for _, xy in keys], np.float64)
        share = shares(times[at], times, reach)  # (N, T)
        residual = known - keypoints[mine[at], joint]
        moved = keypoints[mine, joint] + share.T @ residual
        moved[at] = known  # to the last bit
        near = share.any(axis=0)
        keypoints[mine[near], joint] = moved[near]
        told = share.sum(axis=0)[near]
        sigmas[mine[near], joint] = (1 - told) * sigmas[mine[near], joint] + told * _SURE
    return rows.rows(
        np.arange(len(rows)), keypoints=keypoints, keypoint_sigmas=None if rows.keypoint_sigmas is None else sigmas
    )


def shares(keys: np.ndarray, times: np.ndarray, reach: float) -> np.ndarray:
    """How much of each key's residual belongs to each time.

    Args:
        keys: ``(N,)`` seconds, ascending.
        times: ``(T,)`` seconds.
        reach: seconds.

    Returns:
        ``(N, T)`` in 0..1; 1 at a key itself, where all others are 0.
    """
    rooms = np.diff(keys, prepend=-np.inf, append=np.inf)
    before, after = (np.minimum(reach, room)[:, None] for room in (rooms[:-1], rooms[1:]))
    away = times - keys[:, None]  # (N, T)
    u = np.clip(np.abs(away) / np.where(away < 0, before, after), 0, 1)
    return 1 - u**3 * (u * (6 * u - 15) + 10)


def _by_joint(table: Table, state: Corrected) -> Dict[Tuple[int, int], List[Tuple[int, Tuple[float, float]]]]:
    """Position and place of the keys of each person's joint, in their order."""
    found: Dict[Tuple[int, int], List[Tuple[int, Tuple[float, float]]]] = {}
    for key in state.keys:
        found.setdefault((int(state.ids[key.row]), key.joint), []).append((int(table.position[key.row]), key.xy))
    return {joint: sorted(keys) for joint, keys in found.items()}
