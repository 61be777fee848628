"""Re-identify people who come back, by appearance and distance."""

from typing import List, Sequence, Tuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from pipeline.geometry import areas
from pipeline.tracking.looks import alike
from pipeline.tracking.options import TrackerOptions
from pipeline.tracking.track import Track
from pipeline.types import People

# body sizes that somebody may be away from where the prediction says, and those added per second unseen
_REACH, _REACH_SPEED = 1.5, 1.5
# least evidence on both sides (mean joint score of the torso) to give an id by looks alone
_EVIDENCE = 0.35
# sizes of the body before and after may differ by this factor: it has walked towards the camera
_GROWTH = 2.0
# what standing at the end of the reach costs beside looks
_PLACE_WEIGHT = 0.3


def recognise(
    tracks: Sequence[Track], people: People, time: float, options: TrackerOptions, rivals: Sequence[Track] = ()
) -> List[Tuple[Track, int]]:
    """Pairs of lost tracks and people who are the same by looks, place and size.

    A pair is made only if no other lost person, and nobody of ``rivals`` who is
    there, looks more like the newcomer: between two in one uniform nobody is recognised
    by clothes, unless the place says it.

    Args:
        tracks: lost ones.
        people: newcomers, with ``looks``.
        time: seconds.
        rivals: tracks whose person is seen in this frame.
    """
    tracks = [track for track in tracks if track.looks is not None]
    looks = [track.looks for track in tracks if track.looks is not None]
    if not tracks or not len(people) or people.looks is None:
        return []
    likeness, evidence = alike(np.stack(looks), people.looks)
    centres = (people.bboxes[:, :2] + people.bboxes[:, 2:]) / 2
    sizes = np.sqrt(np.maximum(areas(people.bboxes), 1.0))
    boxes = np.stack([track.predict(time)[2] for track in tracks])
    track_sizes = np.array([track.size for track in tracks])
    unseen = np.array([time - track.seen for track in tracks])
    scale = np.sqrt(track_sizes[:, None] * sizes[None])
    distance = np.linalg.norm((boxes[:, None, :2] + boxes[:, None, 2:]) / 2 - centres, axis=2) / scale
    away = distance / (_REACH + _REACH_SPEED * unseen[:, None])
    fits = (
        (evidence >= _EVIDENCE)
        & (likeness >= options.return_looks)
        & (away <= 1)
        & (np.abs(np.log(sizes / track_sizes[:, None])) <= np.log(_GROWTH))
    )
    value = np.where(fits, likeness - _PLACE_WEIGHT * away, -np.inf)
    present = [track.looks for track in rivals if track.looks is not None]
    if present:
        strangers = alike(np.stack(present), people.looks)[0].max(axis=0)
        # somebody here looks just like the newcomer: clothes then prove little, so the place must be near
        fits &= (likeness >= strangers) | (away <= 0.5)
    pairs = []
    rows, columns = linear_sum_assignment(np.where(fits, 1 + value, 0.0), maximize=True)
    for row, column in zip(rows, columns):
        others = np.delete(value[:, column], row)
        if fits[row, column] and (not len(others) or value[row, column] - others.max() >= options.return_margin):
            pairs.append((tracks[row], int(column)))
    return pairs
