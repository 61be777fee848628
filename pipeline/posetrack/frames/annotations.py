"""PoseTrack18 files as training data: images in their sequences, people with boxes and joints.

Scoring reads the same files with :mod:`pipeline.posetrack`, which keeps the 15 evaluated
joints and no person boxes.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, Tuple, Union

import numpy as np

from pipeline.errors import InputError
from pipeline.posetrack.folders import list_files
from pipeline.posetrack.reading import Node, read_json
from pipeline.posetrack.sequence import JOINTS18


@dataclass
class LabeledPerson:
    """One annotation.

    Attributes:
        bbox: ``(4,)`` float32, x1 y1 x2 y2 in px.
        keypoints: ``(17, 2)`` float32 px, in PoseTrack18's order.
        visible: ``(17,)`` float32, 1 for annotated joints, else 0.
        raw: the annotation as the file has it.
    """

    bbox: np.ndarray
    keypoints: np.ndarray
    visible: np.ndarray
    raw: dict


@dataclass
class LabeledImage:
    """One image of a sequence.

    Attributes:
        image_id: as in the file.
        file_name: relative to the data set's root, ``images/train/000001_bonn/000000.jpg``.
        frame_range: numbers of the first and the last image of its sequence; image files are named
            by these numbers.
        people: its annotations; none for images that are not labelled.
    """

    image_id: Union[int, str]
    file_name: str
    frame_range: Tuple[int, int]
    people: List[LabeledPerson] = field(default_factory=list)


def load_images(path: Union[str, Path]) -> List[LabeledImage]:
    """All images of a PoseTrack18 or 21 file, or of all files of a folder, with their people.

    Raises:
        InputError: if a file cannot be read, is malformed or is in another layout.
    """
    return [image for file in list_files(path) for image in _load_file(file)]


def frame_number(file_name: str) -> int:
    """The number that an image file is named by (``000012.jpg``: 12).

    Raises:
        InputError: if its name is not a number.
    """
    stem = Path(file_name).stem
    if not re.fullmatch(r'\d+', stem):
        raise InputError(
            f'{file_name}: frames of a sequence are found by number, so an image has to be named by '
            'its number (000012.jpg)'
        )
    return int(stem)


def _load_file(path: Path) -> List[LabeledImage]:
    root = read_json(path)
    if 'annolist' in root:
        raise InputError(
            f'{path}: is in the layout of PoseTrack17; convert it to that of PoseTrack18 with '
            'tools/prepare_posetrack.py'
        )
    columns = _joint_columns(root)
    images: Dict[Union[int, str], LabeledImage] = {}
    ranges = _frame_ranges(root['images'])
    for node in root['images'].items():
        identity = _identity(node['id'])
        if identity in images:
            raise node['id'].error('another image has this id')
        name = node['file_name'].string()
        images[identity] = LabeledImage(identity, name, ranges[_folder(name)])
    for node in root['annotations'].items():
        image = images.get(_identity(node['image_id']))
        if image is None:
            raise node['image_id'].error('no image has this id')
        person = _load_person(node, columns)
        if person is not None:
            image.people.append(person)
    return list(images.values())


def _load_person(node: Node, columns: List[int]):
    """The person, or None if no joint is annotated."""
    if not node.value.get('keypoints'):
        return None
    values = _numbers(node['keypoints'], 3 * len(columns)).reshape(-1, 3)
    keypoints, visible = np.zeros((17, 2), np.float32), np.zeros(17, np.float32)
    keypoints[columns], visible[columns] = values[:, :2], values[:, 2] > 0
    if not visible.any():
        return None
    if node.value.get('bbox'):
        x, y, width, height = _numbers(node['bbox'], 4)
    else:  # PoseTrack17 has no boxes: around the joints
        annotated = keypoints[visible > 0]
        (x, y), (width, height) = annotated.min(axis=0), np.ptp(annotated, axis=0)
    if width <= 0 or height <= 0:
        return None
    return LabeledPerson(np.array([x, y, x + width, y + height], np.float32), keypoints, visible, node.value)


def _joint_columns(root: Node) -> List[int]:
    """Where each keypoint of the file stands in PoseTrack18's order."""
    if 'categories' not in root or not root['categories'].items() or 'keypoints' not in root['categories'][0]:
        return list(range(17))
    columns = []
    for node in root['categories'][0]['keypoints'].items():
        if node.value not in JOINTS18:
            raise node.error(f'not a joint of PoseTrack ({", ".join(JOINTS18)})')
        columns.append(JOINTS18.index(node.value))
    return columns


def _frame_ranges(images: Node) -> Dict[str, Tuple[int, int]]:
    """First and last number per folder of images, which is a sequence."""
    numbers: Dict[str, List[int]] = {}
    for node in images.items():
        name = node['file_name'].string()
        numbers.setdefault(_folder(name), []).append(frame_number(name))
    return {folder: (min(found), max(found)) for folder, found in numbers.items()}


def _folder(file_name: str) -> str:
    return str(Path(file_name).parent)


def _identity(node: Node) -> Union[int, str]:
    if not isinstance(node.value, (int, str)):
        raise node.error('not an id')
    return node.value


def _numbers(node: Node, count: int) -> np.ndarray:
    """``count`` finite numbers; one by one only to say which of them is not."""
    try:
        values = np.array(node.value, np.float64)
        fine = isinstance(node.value, list) and values.shape == (count,) and bool(np.isfinite(values).all())
    except (TypeError, ValueError):
        fine = False
    if not fine:
        found = [item.number() for item in node.items()]
        raise node.error(f'{len(found)} numbers, {count} are needed')
    return values.astype(np.float32)
