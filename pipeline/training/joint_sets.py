"""The joint sets of universal refiners: a head of some joints, then the 12 limb joints of all sources."""

from dataclasses import dataclass, field
from typing import Dict, List, Tuple

import numpy as np

from pipeline.skeletons import Skeleton, load_skeleton
from pipeline.training.augmentation.face import FACE

LIMBS = (
    'left_shoulder',
    'right_shoulder',
    'left_elbow',
    'right_elbow',
    'left_wrist',
    'right_wrist',
    'left_hip',
    'right_hip',
    'left_knee',
    'right_knee',
    'left_ankle',
    'right_ankle',
)
# joints of the hourglass on Human3.6M, in its (MPII's) order
MPII_NAMES = (
    'right_ankle',
    'right_knee',
    'right_hip',
    'left_hip',
    'left_knee',
    'left_ankle',
    'pelvis',
    'thorax',
    'upper_neck',
    'head_top',
    'right_wrist',
    'right_elbow',
    'right_shoulder',
    'left_shoulder',
    'left_elbow',
    'left_wrist',
)
# Human3.6M's joint of each limb joint
H36M_LIMBS = (11, 14, 12, 15, 13, 16, 4, 1, 5, 2, 6, 3)


@dataclass(frozen=True)
class JointSet:
    """``K`` joints: those of the head, then :data:`LIMBS`.

    Attributes:
        metainfo: MMPose's metainfo that has all of them.
        head: names of the ``F`` head joints.
        shape: ``(F, 3)``, where they are on a rigid head (see :data:`pipeline.training.augmentation.face.FACE`).
        annotated: head joints that Human3.6M has (its index) and the hourglass gives (its name);
            the others are synthetic.
    """

    metainfo: str
    head: Tuple[str, ...]
    shape: np.ndarray
    annotated: Dict[str, Tuple[int, str]] = field(default_factory=dict)

    @property
    def names(self) -> Tuple[str, ...]:
        """``K`` joint names in order."""
        return (*self.head, *LIMBS)

    @property
    def skeleton(self) -> Skeleton:
        return load_skeleton(self.metainfo).subset(self.names)

    @property
    def real(self) -> np.ndarray:
        """Indices of the joints for which Human3.6M has a truth and the hourglass an answer."""
        return np.array([k for k, name in enumerate(self.names) if name in self.annotated or name in LIMBS])

    @property
    def h36m(self) -> List[int]:
        """Joints of Human3.6M that :attr:`real` are."""
        return [self.annotated[name][0] for name in self.head if name in self.annotated] + list(H36M_LIMBS)

    @property
    def hourglass(self) -> List[int]:
        """Joints of the hourglass that :attr:`real` are."""
        names = [self.annotated[name][1] for name in self.head if name in self.annotated] + list(LIMBS)
        return [MPII_NAMES.index(name) for name in names]


JOINT_SETS = {
    'coco17': JointSet('coco', ('nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear'), FACE),
    # PoseTrack's evaluated joints in PoseTrack18's order; its ears are never annotated
    'posetrack15': JointSet(
        'posetrack18',
        ('nose', 'head_bottom', 'head_top'),
        np.array([FACE[0], [0, 0, -0.5], [0, 0, 0.5]], np.float32),
        {'head_bottom': (9, 'upper_neck'), 'head_top': (10, 'head_top')},
    ),
}


def bone_parents(joints: JointSet) -> List[int]:
    """For each joint the index of the one that it hangs on, towards the hips, which are their own parents.

    The head hangs on the left shoulder: bones of both sides grow alike, so either would do.
    """
    names = joints.names
    chain = dict(shoulder='hip', elbow='shoulder', wrist='elbow', knee='hip', ankle='knee')
    parents = []
    for name in names:
        side, _, part = name.partition('_')
        above = f'{side}_{chain.get(part, part)}' if name in LIMBS else 'left_shoulder'
        parents.append(names.index(above))
    return parents
