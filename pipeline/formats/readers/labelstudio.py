"""Label Studio's tasks: keypoints in percent of the picture, related to the rectangles of their people.

Of a task the first annotation is taken, or the first prediction. Keypoints that belong to nobody are one person more.
"""

import re
from pathlib import Path
from typing import Any, Dict, List

import numpy as np

from pipeline.formats.found_poses import FoundPoses, Gatherer, Given


def fits(document: Any) -> bool:
    """Whether it is a list of tasks with annotations or predictions."""
    return (
        isinstance(document, list)
        and bool(document)
        and all(isinstance(task, dict) and ('annotations' in task or 'predictions' in task) for task in document)
    )


def read(path: Path, document: Any, given: Given) -> FoundPoses:
    frames = [(_frame(task, k), _shapes(task)) for k, task in enumerate(document)]
    points = [shape for _, shapes in frames for shape in shapes if shape.get('type') == 'keypointlabels']
    names = list(dict.fromkeys(shape['value']['keypointlabels'][0] for shape in points))
    sizes = {(int(shape['original_width']), int(shape['original_height'])) for shape in points}
    gathered = Gatherer(path, 'Label Studio', names, given)
    for index, shapes in frames:
        gathered.frame(index)
        people: Dict[str, np.ndarray] = {}
        owners = {shape['from_id']: shape['to_id'] for shape in shapes if shape.get('type') == 'relation'}
        boxes = {shape['id']: shape for shape in shapes if shape.get('type') == 'rectanglelabels'}
        for shape in shapes:
            if shape.get('type') == 'keypointlabels':
                pose = people.setdefault(owners.get(shape['id'], ''), np.full((len(names), 2), np.nan))
                value, size = shape['value'], (shape['original_width'], shape['original_height'])
                pose[names.index(value['keypointlabels'][0])] = [value['x'] * size[0] / 100, value['y'] * size[1] / 100]
        for owner, pose in people.items():
            gathered.person(index, pose, box=_corners(boxes.get(owner)), track_id=_identity(boxes.get(owner)))
    return gathered.poses(size=sizes.pop() if len(sizes) == 1 else None)


def _frame(task: dict, position: int) -> int:
    return int(task.get('meta', {}).get('video', {}).get('frame_idx', position))


def _shapes(task: dict) -> List[dict]:
    answers = task.get('annotations') or task.get('predictions') or [{}]
    return answers[0].get('result', [])


def _corners(box: Any) -> Any:
    if box is None:
        return None
    value, scale = box['value'], np.tile([box['original_width'], box['original_height']], 2) / 100
    return np.array([value['x'], value['y'], value['x'] + value['width'], value['y'] + value['height']]) * scale


def _identity(box: Any) -> int:
    """Our track id, as we write it."""
    texts = (box or {}).get('meta', {}).get('text', [])
    found = re.fullmatch(r'id(\d+)', str(texts[0])) if texts else None
    return int(found[1]) if found else -1
