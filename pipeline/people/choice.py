"""Who of a clip is meant by what ``--people`` says (:mod:`pipeline.wanted`)."""

import logging
from typing import Dict, List, Optional, Tuple, Union

import numpy as np

from pipeline.errors import InputError
from pipeline.geometry import areas
from pipeline.people.kept import KeptPoses, KeptTrack
from pipeline.types import People, VideoInfo
from pipeline.wanted import Choice, parse_choice

logger = logging.getLogger(__name__)

# somebody at the border counts a little: nearness falls from 1 in the middle to this in a corner
_LEAST_NEARNESS = 0.1
# seconds around a moment in which somebody there may be found: detectors miss single frames
_AROUND = 0.25


def check_choice(text: Union[str, int], info: VideoInfo) -> None:
    """Refuse a place that is surely not in a clip before any work is done.

    Raises:
        InputError: if it lies beside the pictures, or well behind their end, where that is known.
    """
    choice = parse_choice(text)
    if choice.kind != 'place' or choice.moment is None:
        return
    if choice.x >= info.width or choice.y >= info.height:
        raise InputError(f'--people {text}: the pictures have {info.width} x {info.height} px')
    if info.num_frames is not None and not choice.moment.in_frames:
        end = info.start + info.num_frames / float(info.fps)
        if choice.moment.value > 1.1 * end + 1:  # rates may be uneven, and lengths guessed
            raise InputError(f'--people {text}: the clip ends at about {end:.2f} s')


def choose(kept: KeptPoses, text: Union[str, int]) -> Tuple[int, ...]:
    """Ids of those who are wanted, ascending; none if the clip shows nobody. Warns of ids that nobody has.

    Args:
        kept: the whole clip.
        text: what :func:`pipeline.wanted.parse_choice` reads.

    Raises:
        InputError: if no chosen id is there, or nobody is at the place; it says who is.
    """
    choice, tracks = parse_choice(text), kept.tracks()
    if choice.kind == 'ids':
        there = [track.track_id for track in tracks]
        found = tuple(sorted(set(there) & set(choice.ids)))
        if not found:
            raise InputError(f'--people {text}: no such id; {_listed(there)}')
        if missing := sorted(set(choice.ids) - set(found)):
            logger.warning('--people %s: nobody has id %s; %s', text, ', '.join(map(str, missing)), _listed(there))
        return found
    if choice.kind == 'place':
        return (_at_place(kept, choice, text),) if tracks else ()
    weights = {track.track_id: _weights(track, kept.size)[choice.kind] for track in tracks}
    best = sorted(weights, key=lambda track_id: (-weights[track_id], track_id))
    return tuple(sorted(best[: choice.count]))


def _weights(track: KeptTrack, size: Tuple[int, int]) -> Dict[str, float]:
    """How much of each kind a person is; ``main`` is the sum of size x nearness over the frames."""
    width, height = size
    boxes = np.clip(track.bboxes.astype(float), 0, [width, height, width, height])
    sizes = np.sqrt(areas(boxes) / (width * height))
    middle, centres = np.array([width, height]) / 2, (boxes[:, :2] + boxes[:, 2:]) / 2
    away = np.linalg.norm(centres - middle, axis=1) / np.linalg.norm(middle)
    nearness = np.clip(1 - away, _LEAST_NEARNESS, 1)
    return dict(main=float(sizes @ nearness), largest=float(sizes.mean()), longest=float(len(sizes)))


def _at_place(kept: KeptPoses, choice: Choice, text: Union[str, int]) -> int:
    """The id of whoever is at the place, in the frame nearest to the moment in which anybody is."""
    moment, times = choice.moment, kept.times
    assert moment is not None
    # both in seconds: a frame that is not there (every picture has an index) stands at its neighbours' time
    when = float(np.interp(moment.value, kept.indices, times)) if moment.in_frames else float(moment.value)
    beyond = moment.value > kept.indices[-1] if moment.in_frames else when > times[-1] + _AROUND
    if beyond or when < times[0] - _AROUND:
        raise InputError(f'--people {text}: the clip lies between {times[0]:.2f} and {times[-1]:.2f} s')
    for position in np.argsort(np.abs(times - when), kind='stable'):
        if abs(times[position] - when) > _AROUND:
            break
        people = kept.people_at(int(position))
        if (track_id := _nearest(people, choice.x, choice.y)) is not None:
            return track_id
    there = kept.people_at(int(np.abs(times - when).argmin()))
    raise InputError(f'--people {text}: nobody is there; at {when:.2f} s {_listed_places(there)}')


def _nearest(people: People, x: float, y: float) -> Optional[int]:
    """Whose box holds the point; of several the one with a joint nearest to it, in sizes of the box."""
    boxes = people.bboxes
    inside = (boxes[:, 0] <= x) & (x <= boxes[:, 2]) & (boxes[:, 1] <= y) & (y <= boxes[:, 3]) & (people.track_ids > 0)
    rows = np.flatnonzero(inside)
    if not len(rows):
        return None
    joints = np.linalg.norm(people.keypoints[rows] - (x, y), axis=2).min(axis=1)
    sizes = np.sqrt(np.maximum(areas(boxes[rows]), 1))
    return int(people.track_ids[rows[np.argmin(joints / sizes)]])


def _listed(ids: List[int], most: int = 12) -> str:
    if not ids:
        return 'the clip shows nobody'
    shown = ', '.join(map(str, ids[:most]))
    return f'there {"is" if len(ids) == 1 else "are"} {shown}{" and more" if len(ids) > most else ""}'


def _listed_places(people: People, most: int = 6) -> str:
    if not len(people):
        return 'the picture shows nobody'
    centres = (people.bboxes[:, :2] + people.bboxes[:, 2:]) / 2
    return ', '.join(f'id {i} is at {x:.0f},{y:.0f}' for i, (x, y) in zip(people.track_ids[:most].tolist(), centres))
