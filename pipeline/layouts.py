"""Layouts of keypoints: COCO's 17 joints, which the chain works with, and points beyond them.

An estimator may see more than COCO's 17 joints: heels, toes, fingers. Whoever works with the body (tracker,
refiner's network) takes those 17 by name; the further points hang on joints of the body and move with them.
:class:`Arrangement` makes another layout of what an estimator gives, when everything else is done.
"""

from dataclasses import replace
from typing import Dict, Mapping, Optional, Tuple

import numpy as np

from pipeline.errors import InputError
from pipeline.skeletons import Skeleton, load_skeleton
from pipeline.types import People

#: Names that ``--keypoints`` takes, and the metainfo of each.
LAYOUTS = dict(coco17='coco', body25='body25', halpe26='halpe26', blazepose33='blazepose33')

# what may stand for a joint that a skeleton does not have under its name
_ALSO = {f'{side}_big_toe': f'{side}_foot_index' for side in ('left', 'right')}
#: What follows from other joints, as weights by name: Cao et al. (OpenPose) for neck and middle of the hips; the top
#: of the head lies beyond the ears' middle by 0.6 of its way from the shoulders' (heights 0.82, 0.93 and 1 of the
#: body's: Drillis and Contini, 1966). Beyond the nose, as others have it, it would leave heads that are turned aside.
COMPUTED: Dict[str, Mapping[str, float]] = {
    'neck': {'left_shoulder': 0.5, 'right_shoulder': 0.5},
    'hip': {'left_hip': 0.5, 'right_hip': 0.5},
    'mid_hip': {'left_hip': 0.5, 'right_hip': 0.5},
    'head': {'left_ear': 0.8, 'right_ear': 0.8, 'left_shoulder': -0.3, 'right_shoulder': -0.3},
}
# what no estimator here sees: it stands at another point and has score 0
_UNSEEN = {f'{side}_small_toe': f'{side}_big_toe' for side in ('left', 'right')}

# by parts of a point's name: the joints of its side (or of the middle) that it hangs on
_HANGS_ON = (
    (('heel', 'toe', 'foot'), ('ankle',)),
    (('thumb', 'index', 'pinky', 'finger', 'hand'), ('wrist',)),
    (('eye_inner', 'eye_outer'), ('eye',)),
)
_MIDDLES: Dict[str, Tuple[str, ...]] = {
    **dict.fromkeys(('head', 'mouth', 'left_mouth', 'right_mouth'), ('nose',)),
    'neck': ('left_shoulder', 'right_shoulder'),
    **dict.fromkeys(('hip', 'mid_hip'), ('left_hip', 'right_hip')),
}


def body_joints(skeleton: Skeleton) -> Optional[np.ndarray]:
    """Where COCO's 17 joints are in a skeleton that has all of them and more: ``(17,)``; None of any other."""
    names = load_skeleton('coco').names
    if skeleton.num_keypoints <= len(names) or not set(names) <= set(skeleton.names):
        return None
    return np.array([skeleton.index(name) for name in names])


def carriers(skeleton: Skeleton) -> Optional[np.ndarray]:
    """On which joints of the body each point hangs.

    Returns:
        ``(K, 17)``, rows of sum 1: the body's own joints on themselves, a toe on its ankle, a finger on its wrist.
        None if the skeleton has COCO's 17 joints only, or not all of them, or a point that hangs on nothing known.
    """
    rows = body_joints(skeleton)
    if rows is None:
        return None
    body = load_skeleton('coco')
    weights = np.zeros((skeleton.num_keypoints, body.num_keypoints))
    for k, name in enumerate(skeleton.names):
        joints = (name,) if name in body.names else _hangs_on(name)
        if not joints:
            return None
        weights[k, [body.index(joint) for joint in joints]] = 1 / len(joints)
    return weights


def own_carriers(skeleton: Skeleton) -> Optional[np.ndarray]:
    """What :func:`carriers` says, among the skeleton's own points: ``(K, K)``; None of the same skeletons."""
    rows, hangs_on = body_joints(skeleton), carriers(skeleton)
    if rows is None or hangs_on is None:
        return None
    among_all = np.zeros((skeleton.num_keypoints,) * 2)
    among_all[:, rows] = hangs_on
    return among_all


def tracked_skeleton(skeleton: Skeleton) -> Skeleton:
    """What a tracker is given of people of this skeleton: COCO's 17 joints, if all further points hang on them."""
    return skeleton if carriers(skeleton) is None else load_skeleton('coco')


def anchors(name: str) -> Tuple[str, ...]:
    """COCO's joints that a point of this name hangs on, itself for one of them; none if the name does not tell."""
    return (name,) if name in load_skeleton('coco').names else _hangs_on(name)


def _hangs_on(name: str) -> Tuple[str, ...]:
    if name in _MIDDLES:
        return _MIDDLES[name]
    side = next((side for side in ('left', 'right') if name.startswith(side)), '')
    for words, joints in _HANGS_ON:
        if side and any(word in name for word in words):
            return tuple(f'{side}_{joint}' for joint in joints)
    return ()


class Arrangement:
    """A linear map from the points of an estimator to those of a layout.

    Args:
        source: what comes in.
        layout: a name in :data:`LAYOUTS`.

    Attributes:
        skeleton: of what comes out.

    Raises:
        InputError: if there is no such layout, or ``source`` lacks points that it needs.
    """

    def __init__(self, source: Skeleton, layout: str):
        if layout not in LAYOUTS:
            raise InputError(f'--keypoints {layout!r}: allowed are {", ".join(LAYOUTS)}')
        self.skeleton = load_skeleton(LAYOUTS[layout])
        count = self.skeleton.num_keypoints
        # as many origins of each point as one has at most; where there are fewer, the first again with weight 0
        most = max(map(len, COMPUTED.values()))
        self._origins, self._weights = np.zeros((count, most), int), np.zeros((count, most), np.float32)
        self._seen = np.array([name in source.names or name not in _UNSEEN for name in self.skeleton.names])
        missing = []
        for row, name in enumerate(self.skeleton.names):
            found = _origin(name, source)
            if not found:
                missing.append(name)
                continue
            rows = [source.index(origin) for origin in found]
            self._origins[row] = rows + rows[:1] * (most - len(rows))
            self._weights[row, : len(rows)] = list(found.values())
        if missing:
            raise InputError(
                f'--keypoints {layout}: the estimator sees the {source.num_keypoints} points of {source.name!r}, '
                f'from which {", ".join(missing[:3])}{" …" if len(missing) > 3 else ""} cannot be had; the presets '
                f'embedded, embedded-fast and embedded-accurate see all, and without --keypoints this one works'
            )

    def apply(self, people: People) -> People:
        """The people with the points of the layout.

        A computed point is as sure as the least sure of those that it comes from; what is not seen has score 0.
        """
        sigmas = people.keypoint_sigmas
        keypoints, raw = (
            (points[:, self._origins] * self._weights[..., None]).sum(axis=2)
            for points in (people.keypoints, people.keypoints_raw)
        )
        scores = people.keypoint_scores[:, self._origins].min(axis=2)
        return replace(
            people,
            keypoints=keypoints,
            keypoints_raw=raw,
            keypoint_scores=np.where(self._seen, scores, 0).astype(np.float32),
            keypoint_sigmas=None if sigmas is None else sigmas[:, self._origins].max(axis=2),
        )


def _origin(name: str, source: Skeleton) -> Mapping[str, float]:
    """The points of ``source`` that make up ``name``, with their weights; none if it cannot be had."""
    if name in source.names:
        return {name: 1.0}
    if _ALSO.get(name) in source.names:
        return {_ALSO[name]: 1.0}
    if name in _UNSEEN:
        return _origin(_UNSEEN[name], source)
    parts = COMPUTED.get(name, {})
    return parts if all(part in source.names for part in parts) else {}
