"""PoseTrack17 files: ``{"annolist": [{image, annorect, ignore_regions}]}``.

The layout comes from a MATLAB structure, so single values are arrays of one.
Points carry the ids 0..14 of :data:`JOINTS`; a joint that is not there is left out.
"""

from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from pipeline.posetrack.reading import Node
from pipeline.posetrack.sequence import JOINTS, MISSING_SCORE, NO_TRACK, PoseFrame, PosePerson, PoseSequence

_HEAD_KEYS = ('x1', 'y1', 'x2', 'y2')
_IDS = frozenset(range(len(JOINTS)))
# a point without flag is there; one without score has poseval's
_SEEN, _UNSCORED = (1.0,), (MISSING_SCORE,)


def parse17(root: Node, name: str) -> PoseSequence:
    """A PoseTrack17 document as a sequence.

    Raises:
        InputError: names the place in the file that is not as it should be.
    """
    return PoseSequence(name, [_parse_frame(node) for node in root['annolist'].items()], root.path)


def dump17(sequence: PoseSequence) -> Dict[str, Any]:
    """The PoseTrack17 document of a sequence; frames count from 1 there."""
    return {'annolist': [_dump_frame(frame, number) for number, frame in enumerate(sequence.frames, start=1)]}


def _parse_frame(node: Node) -> PoseFrame:
    people = [_parse_person(rect) for rect in _optional_items(node, 'annorect')]
    regions = [_parse_polygon(region) for region in _optional_items(node, 'ignore_regions')]
    labeled = bool(node['is_labeled'].single().integer()) if _has_values(node, 'is_labeled') else bool(people)
    return PoseFrame.from_people(node['image'].single()['name'].string(), people, regions, labeled)


def _parse_person(rect: Node) -> PosePerson:
    if not isinstance(rect.value, dict):
        raise rect.error('not an object')
    person = PosePerson()
    if _has_values(rect, 'track_id'):
        person.track_id = rect['track_id'].single().integer()
    if _has_values(rect, 'x1'):
        person.head_box = np.array([rect[key].single().number() for key in _HEAD_KEYS])
    table = _plain_table(rect.value)
    if table is None:
        table = _checked_table(rect)
    joints = table[:, 0].astype(int)
    person.points[joints] = table[:, 1:3]
    person.visible[joints] = table[:, 3] != 0
    person.scores[joints] = table[:, 4]
    return person


def _plain_table(rect: Dict[str, Any]) -> Optional[np.ndarray]:
    """Points ``(n, 5)``: id, x, y, flag, score. None if the person is not written in the usual way.

    This is the fast path: a data set has millions of points.
    """
    try:
        rows = [
            (p['id'][0], p['x'][0], p['y'][0], p.get('is_visible', _SEEN)[0], p.get('score', _UNSCORED)[0])
            for p in rect['annopoints'][0]['point']
        ]
        table = np.array(rows, float).reshape(-1, 5)
        ids = {row[0] for row in rows}
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return None
    usual = len(rect['annopoints']) == 1 and len(ids) == len(rows) and ids <= _IDS
    return table if usual and np.isfinite(table).all() else None


def _checked_table(rect: Node) -> np.ndarray:
    """The same, value by value: what is unusual is accepted or reported with its place."""
    rows: Dict[int, Tuple[float, ...]] = {}
    groups = _optional_items(rect, 'annopoints')
    for point in [point for group in groups for point in _optional_items(group, 'point')]:
        identity = point['id'].single()
        joint = identity.integer()
        if not 0 <= joint < len(JOINTS):
            raise identity.error(f'not a joint id (0 to {len(JOINTS) - 1})')
        if joint in rows:
            raise identity.error(f'the joint {JOINTS[joint]} is there twice')
        flag, score = (
            point[key].single().number() if _has_values(point, key) else default[0]
            for key, default in (('is_visible', _SEEN), ('score', _UNSCORED))
        )
        rows[joint] = joint, point['x'].single().number(), point['y'].single().number(), flag, score
    return np.array(list(rows.values()), float).reshape(-1, 5)


def _parse_polygon(region: Node) -> np.ndarray:
    points = _optional_items(region, 'point')
    return np.array([[p['x'].single().number(), p['y'].single().number()] for p in points]).reshape(-1, 2)


def _optional_items(node: Node, key: str) -> List[Node]:
    """Items of an array that may be absent; MATLAB writes a single structure without the array."""
    if key not in node:
        return []
    child = node[key]
    return [child] if isinstance(child.value, dict) else child.items()


def _has_values(node: Node, key: str) -> bool:
    """Whether ``key`` is there and not an empty array."""
    return key in node and node.value[key] not in ([], None)


def _dump_frame(frame: PoseFrame, number: int) -> Dict[str, Any]:
    entry: Dict[str, Any] = {
        'image': [{'name': frame.image}],
        'imgnum': [number],
        'is_labeled': [int(frame.is_labeled)],
        'annorect': [_dump_person(frame, i) for i in range(len(frame))],
    }
    if frame.ignore_regions:
        entry['ignore_regions'] = [
            {'point': [{'x': [float(x)], 'y': [float(y)]} for x, y in polygon]} for polygon in frame.ignore_regions
        ]
    return entry


def _dump_person(frame: PoseFrame, index: int) -> Dict[str, Any]:
    points = []
    for joint in np.flatnonzero(frame.present[index]):
        x, y = frame.points[index, joint]
        point = {'id': [int(joint)], 'x': [float(x)], 'y': [float(y)], 'is_visible': [int(frame.visible[index, joint])]}
        if frame.scores[index, joint] != MISSING_SCORE:
            point['score'] = [float(frame.scores[index, joint])]
        points.append(point)
    person: Dict[str, Any] = {'annopoints': [{'point': points}] if points else []}
    if not np.isnan(frame.head_boxes[index]).any():
        person.update({key: [float(value)] for key, value in zip(_HEAD_KEYS, frame.head_boxes[index])})
    if frame.track_ids[index] != NO_TRACK:
        person['track_id'] = [int(frame.track_ids[index])]
    return person
