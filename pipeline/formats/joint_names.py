"""Joints by name: what other tools call those that we know, and skeletons of whatever a file has."""

import re
from typing import Dict, List, Sequence, Tuple

import numpy as np

from pipeline.formats.body25 import BODY25
from pipeline.layouts import LAYOUTS
from pipeline.skeletons import Skeleton, load_skeleton, mirror_name

#: OpenPose's older layout
COCO18 = (
    *('nose', 'neck', 'right_shoulder', 'right_elbow', 'right_wrist', 'left_shoulder', 'left_elbow', 'left_wrist'),
    *('right_hip', 'right_knee', 'right_ankle', 'left_hip', 'left_knee', 'left_ankle'),
    *('right_eye', 'left_eye', 'right_ear', 'left_ear'),
)
_WORD = re.compile(r'[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+')
_SIDES = {'l': 'left', 'left': 'left', 'lt': 'left', 'r': 'right', 'right': 'right', 'rt': 'right'}
_PARTS = {
    **{part: part for part in ('nose', 'eye', 'ear', 'shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle', 'heel')},
    **{part: part for part in ('eye_inner', 'eye_outer', 'mouth', 'pinky', 'index', 'thumb', 'foot_index', 'neck')},
    **{part: part for part in ('big_toe', 'small_toe', 'head', 'mid_hip', 'spine', 'thorax', 'pelvis')},
    'bigtoe': 'big_toe',
    'toe_big': 'big_toe',
    'smalltoe': 'small_toe',
    'toe_small': 'small_toe',
    'midhip': 'mid_hip',
    'c_hip': 'mid_hip',
    'hip_center': 'mid_hip',
    'chip': 'mid_hip',
    'root': 'mid_hip',
    'shldr': 'shoulder',
    'sho': 'shoulder',
    'elb': 'elbow',
    'wri': 'wrist',
    'kne': 'knee',
    'ank': 'ankle',
    'footindex': 'foot_index',
    'eyeinner': 'eye_inner',
    'eyeouter': 'eye_outer',
}


def joint_names(names: Sequence[str]) -> Tuple[str, ...]:
    """``names`` with ours where we know the joint; no name comes twice.

    ``LShoulder``, ``shoulder_left`` and ``left shoulder`` are ``left_shoulder``. A joint that we do not know
    keeps its name.
    """
    chosen: List[str] = []
    for number, name in enumerate(map(str, names)):
        ours = _known(name)
        if ours in chosen:
            ours = name if name not in chosen else f'{name}_{number}'
        chosen.append(ours)
    return tuple(chosen)


def names_by_count(count: int) -> Tuple[str, ...]:
    """The joints of poses that have no names, told by their number.

    Raises:
        ValueError: if no layout has so many.
    """
    if count == len(COCO18):
        return COCO18
    by_count = {17: 'coco', 25: 'body25', 26: 'halpe26', 33: 'blazepose33', 133: 'coco_wholebody', 136: 'halpe'}
    if count not in by_count:
        raise ValueError(f'{count} joints without names; known are {", ".join(map(str, sorted([*by_count, 18])))}')
    return load_skeleton(by_count[count]).names


def skeleton_of(names: Sequence[str], title: str) -> Skeleton:
    """A skeleton of these joints: a known one if there is one of just these, else limbs as far as names tell.

    Args:
        title: what a new one is called.
    """
    for known in map(load_skeleton, (*LAYOUTS.values(), 'posetrack18')):
        if known.names == tuple(names):
            return known
    position = {name: k for k, name in enumerate(names)}
    links: Dict[Tuple[int, int], None] = {}
    sigmas = np.full(len(names), 0.05, np.float32)
    for known in (load_skeleton('halpe26'), load_skeleton('blazepose33'), load_skeleton('coco')):
        for a, b in known.links:
            first, second = position.get(known.names[a]), position.get(known.names[b])
            if first is not None and second is not None and (second, first) not in links:
                links.setdefault((first, second))
        for k, name in enumerate(known.names):
            if name in position:
                sigmas[position[name]] = known.sigmas[k]
    flips = tuple(position.get(mirror_name(name), k) for k, name in enumerate(names))
    sides = tuple(next((side for side in ('left', 'right') if name.startswith(side)), '') for name in names)
    return Skeleton(title, tuple(names), tuple(links), flips, sigmas, sides)


def _known(name: str) -> str:
    words = [word.lower() for word in _WORD.findall(name)]
    if len(words) == 1 and words[0] not in (*_PARTS, 'rear') and words[0][:1] in _SIDES:
        words = [words[0][:1], words[0][1:]]  # RHIP
    sides = [_SIDES[word] for word in words if word in _SIDES]
    part = _PARTS.get('_'.join(word for word in words if word not in _SIDES))
    ours = '_'.join((*sides[:1], part or ''))
    return ours if part and len(sides) < 2 and ours in _ALL else name


_PAIRED = ('eye_inner', 'eye_outer', 'mouth', 'pinky', 'index', 'thumb', 'foot_index', 'big_toe', 'small_toe', 'heel')
_ALL = {
    *BODY25,  # COCO's among them
    *(f'{side}_{part}' for side in ('left', 'right') for part in _PAIRED),
    *('head', 'neck', 'mid_hip', 'spine', 'thorax', 'pelvis', 'hip'),
}
