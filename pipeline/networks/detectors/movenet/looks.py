"""Choose the tiles of a picture that MoveNet runs on, in turns.

MoveNet finds six people at most, and nobody who is small in its input. Looks at parts
(tiles) of the picture find the others; they take turns, for each costs time.
"""

import math
from dataclasses import dataclass
from typing import List, Tuple

import numpy as np

from pipeline.geometry import box_containment
from pipeline.networks.detectors.movenet.decode import MultiPose

Tile = Tuple[int, int, int, int]

# A look that finds so many people has perhaps no room for more (MoveNet gives six).
_FULL = 5


def tiles(width: int, height: int, overlap: float = 0.25) -> List[Tile]:
    """Six parts (x1, y1, x2, y2) of a picture, 3 x 2 along its longer side, each overlapping the next."""
    columns, rows = (3, 2) if width >= height else (2, 3)

    def spans(length: int, count: int):
        size = length / (count - (count - 1) * overlap)
        starts = [round(i * size * (1 - overlap)) for i in range(count)]
        return [(start, min(length, round(start + size))) for start in starts]

    return [(x1, y1, x2, y2) for y1, y2 in spans(height, rows) for x1, x2 in spans(width, columns)]


def cut_off(bboxes: np.ndarray, tile: Tile, width: int, height: int, margin: float = 0.02) -> np.ndarray:
    """``(P,)`` bool: boxes that reach a side of the tile which is no side of the picture.

    Args:
        bboxes: ``(P, 4)`` px of the picture.
        margin: how near is at the side, in parts of the tile.
    """
    x1, y1, x2, y2 = tile
    near_x, near_y = margin * (x2 - x1), margin * (y2 - y1)
    return (
        (bboxes[:, 0] <= x1 + near_x) & (x1 > 0)
        | (bboxes[:, 1] <= y1 + near_y) & (y1 > 0)
        | (bboxes[:, 2] >= x2 - near_x) & (x2 < width)
        | (bboxes[:, 3] >= y2 - near_y) & (y2 < height)
    )


def whole_first(people: MultiPose, cut: np.ndarray, overlap: float = 0.5) -> np.ndarray:
    """Indices of people without parts of others: someone cut off goes if another has most of the smaller box.

    Args:
        cut: ``(P,)`` bool, from :func:`cut_off`.
        overlap: intersection over the smaller area from which on two boxes show one person.
    """
    shared = box_containment(people.bboxes, people.bboxes)
    kept: List[int] = []
    for index in np.lexsort((-people.scores, cut)):  # those seen whole first, the surest of them first
        if not (cut[index] and (shared[index, kept] > overlap).any()):
            kept.append(int(index))
    return np.array(sorted(kept), int)


@dataclass
class Turns:
    """Which tiles are due.

    All are at the start of a video. Later a round over all of them takes ``period``
    seconds while it pays: while tiles show people whom the whole picture does not, or
    that one is full. Where it does not pay, rounds take ``idle`` seconds. Frames ``sparse``
    seconds apart and more are each looked at all over while it pays: nobody can be followed
    from one to the next for long, and there is time.

    Attributes:
        period, idle, sparse: seconds.
    """

    period: float = 0.5
    idle: float = 4.0
    sparse: float = 0.19
    _time: float = math.inf
    _next: int = 0
    _owed: float = 0.0
    _paid: float = -math.inf

    def due(self, time: float, count: int) -> List[int]:
        """Indices of the ``count`` tiles to look at, at ``time`` seconds."""
        if time <= self._time:  # a new video
            self._time, self._next, self._owed, self._paid = time, 0, 0.0, -math.inf
            return list(range(count))
        apart, paying = time - self._time, time - self._paid <= self.idle
        period = self.idle if not paying else min(self.period, apart) if apart >= self.sparse else self.period
        self._owed = min(self._owed + count * apart / period, count)
        self._time = time
        number = int(self._owed + 1e-6)
        self._owed -= number
        chosen = [(self._next + i) % count for i in range(number)]
        self._next = (self._next + number) % count
        return chosen

    def learn(self, time: float, in_whole: int, only_in_tiles: int) -> None:
        """Note how many people the whole picture showed, and how many more the tiles did."""
        if only_in_tiles or in_whole >= _FULL:
            self._paid = time
