"""PoseTrack18 and PoseTrack21 files: ``{"images", "annotations", "categories"}``, as in COCO.

A person has 17 keypoints (x, y, flag); those at (0, 0) with flag 0 are not there,
all others are, whatever their flag. PoseTrack21 keeps the layout; its extra
fields (``person_id``, boxes for every frame) play no part in pose scores.
"""

import re
from typing import Any, Dict, List, Optional

import numpy as np

from pipeline.posetrack.reading import Node
from pipeline.posetrack.sequence import JOINTS, JOINTS18, MISSING_SCORE, NO_TRACK, PoseFrame, PosePerson, PoseSequence


def parse18(root: Node, name: str) -> PoseSequence:
    """A PoseTrack18 or PoseTrack21 document as a sequence.

    Raises:
        InputError: names the place in the file that is not as it should be.
    """
    columns = _joint_columns(root)
    images = root['images'].items()
    people: Dict[Any, List[PosePerson]] = {}
    for image in images:
        identity = image['id'].identity()
        if identity in people:
            raise image['id'].error('another image has this id')
        people[identity] = []
    for annotation in root['annotations'].items():
        identity = annotation['image_id'].identity()
        if identity not in people:
            raise annotation['image_id'].error('no image has this id')
        people[identity].append(_parse_person(annotation, columns))
    frames = []
    for image in images:
        labeled = bool(image.value.get('is_labeled', True))
        frames.append(
            PoseFrame.from_people(
                image['file_name'].string(), people[image['id'].identity()], _parse_regions(image), labeled
            )
        )
    return PoseSequence(name, frames, root.path)


def video_number(name: str) -> int:
    """The up to six digits that a sequence's name begins with (``024154_mpii_test``), 0 without any."""
    digits = re.match(r'\d*', name).group()
    return int(digits[-6:] or 0)


def dump18(sequence: PoseSequence, video: Optional[int] = None) -> Dict[str, Any]:
    """The PoseTrack18 document of a sequence.

    Image ids follow the official pattern: 1, six digits of the video, four of the frame.

    Args:
        sequence: at most 10,000 frames.
        video: number of the video, by default that in the sequence's name.
    """
    video = video_number(sequence.name) if video is None else video
    base = 10**10 + video * 10**4
    images, annotations = [], []
    for index, frame in enumerate(sequence.frames):
        image_id = base + index
        image = {
            'file_name': frame.image,
            'id': image_id,
            'frame_id': image_id,
            'vid_id': f'{video:06d}',
            'nframes': len(sequence.frames),
            'is_labeled': bool(frame.is_labeled),
        }
        if frame.ignore_regions:
            image['ignore_regions_x'] = [polygon[:, 0].tolist() for polygon in frame.ignore_regions]
            image['ignore_regions_y'] = [polygon[:, 1].tolist() for polygon in frame.ignore_regions]
        images.append(image)
        annotations += [
            dict(_dump_person(frame, i), image_id=image_id, category_id=1, id=image_id * 100 + i)
            for i in range(len(frame))
        ]
    category = {'supercategory': 'person', 'id': 1, 'name': 'person', 'keypoints': list(JOINTS18), 'skeleton': []}
    return {'images': images, 'annotations': annotations, 'categories': [category]}


def _joint_columns(root: Node) -> np.ndarray:
    """Which evaluated joint each keypoint is, -1 for the ears: the file's own order, or PoseTrack18's."""
    names = list(JOINTS18)
    if 'categories' in root and root['categories'].items() and 'keypoints' in root['categories'][0]:
        nodes = root['categories'][0]['keypoints'].items()
        names = [node.string() for node in nodes]
        for node, name in zip(nodes, names):
            if name not in JOINTS18:
                raise node.error(f'not a joint of PoseTrack ({", ".join(JOINTS18)})')
        absent = [joint for joint in JOINTS if joint not in names]
        if absent or len(set(names)) < len(names):
            raise root['categories'][0]['keypoints'].error(
                f'{absent[0]} is missing' if absent else 'a joint is there twice'
            )
    return np.array([JOINTS.index(name) if name in JOINTS else -1 for name in names])


def _parse_person(annotation: Node, columns: np.ndarray) -> PosePerson:
    person = PosePerson()
    if annotation.value.get('track_id') is not None:
        person.track_id = annotation['track_id'].integer()
    if annotation.value.get('bbox_head'):
        x, y, width, height = _numbers(annotation['bbox_head'], 4)
        person.head_box = np.array([x, y, x + width, y + height])
    if not annotation.value.get('keypoints'):
        return person
    keypoints = _numbers(annotation['keypoints'], 3 * len(columns)).reshape(-1, 3)
    here = keypoints.any(axis=1) & (columns >= 0)
    person.points[columns[here]] = keypoints[here, :2]
    person.visible[columns[here]] = keypoints[here, 2] != 0
    if annotation.value.get('scores'):
        person.scores[columns[here]] = _numbers(annotation['scores'], len(columns))[here]
    return person


def _parse_regions(image: Node) -> List[np.ndarray]:
    if not image.value.get('ignore_regions_x'):
        return []
    xs, ys = image['ignore_regions_x'].items(), image['ignore_regions_y'].items()
    if not isinstance(xs[0].value, list):  # a single polygon, not wrapped
        xs, ys = [image['ignore_regions_x']], [image['ignore_regions_y']]
    if len(xs) != len(ys):
        raise image['ignore_regions_y'].error(f'{len(ys)} polygons, but ignore_regions_x has {len(xs)}')
    return [np.stack([_numbers(x), _numbers(y, len(x.items()))], axis=1) for x, y in zip(xs, ys)]


def _numbers(node: Node, count: int = -1) -> np.ndarray:
    """An array of ``count`` finite numbers."""
    try:
        values = np.array(node.value, float)
        fine = values.ndim == 1 and bool(np.isfinite(values).all()) and not isinstance(node.value[0:1], str)
    except (TypeError, ValueError):
        fine = False
    if not fine:
        for item in node.items():
            item.number()
        raise node.error('not an array of numbers')
    if count >= 0 and len(values) != count:
        raise node.error(f'{len(values)} numbers, {count} are needed')
    return values


def _dump_person(frame: PoseFrame, index: int) -> Dict[str, Any]:
    keypoints = np.zeros((len(JOINTS18), 3))
    scores = np.zeros(len(JOINTS18))
    for joint in np.flatnonzero(frame.present[index]):
        column = JOINTS18.index(JOINTS[joint])
        keypoints[column] = (*frame.points[index, joint], frame.visible[index, joint])
        scores[column] = frame.scores[index, joint]
    person: Dict[str, Any] = {'keypoints': keypoints.ravel().tolist()}
    scored = frame.present[index] & (frame.scores[index] != MISSING_SCORE)
    person['scores'] = scores.tolist() if scored.any() else []
    if frame.track_ids[index] != NO_TRACK:
        person['track_id'] = int(frame.track_ids[index])
    points = frame.points[index, frame.present[index]]
    if len(points):
        low, high = points.min(axis=0), points.max(axis=0)
        person['bbox'] = [*map(float, low), *map(float, high - low)]
    if not np.isnan(frame.head_boxes[index]).any():
        x1, y1, x2, y2 = map(float, frame.head_boxes[index])
        person['bbox_head'] = [x1, y1, x2 - x1, y2 - y1]
    return person
