"""OpenPose's 25 joints (BODY_25) from those of another skeleton.

Neck and mid_hip are the middles of shoulders and hips, which is how OpenPose made them of COCO's
annotations. Toes and heels are taken where the skeleton has them; of MediaPipe's feet the tip
(``foot_index``) stands for the big toe, and the small toe is missing.
"""

from pipeline.formats.joint_map import JointMap
from pipeline.skeletons import Skeleton

BODY25 = (
    'nose',
    'neck',
    'right_shoulder',
    'right_elbow',
    'right_wrist',
    'left_shoulder',
    'left_elbow',
    'left_wrist',
    'mid_hip',
    'right_hip',
    'right_knee',
    'right_ankle',
    'left_hip',
    'left_knee',
    'left_ankle',
    'right_eye',
    'left_eye',
    'right_ear',
    'left_ear',
    'left_big_toe',
    'left_small_toe',
    'left_heel',
    'right_big_toe',
    'right_small_toe',
    'right_heel',
)
_DERIVED = {
    'neck': {'left_shoulder': 0.5, 'right_shoulder': 0.5},
    'mid_hip': {'left_hip': 0.5, 'right_hip': 0.5},
    'left_big_toe': {'left_foot_index': 1.0},
    'right_big_toe': {'right_foot_index': 1.0},
}


class Body25Joints(JointMap):
    """A linear map from the joints of a skeleton to BODY_25's."""

    def __init__(self, skeleton: Skeleton):
        """
        Raises:
            InputError: if the skeleton has no joint in common with BODY_25.
        """
        super().__init__(skeleton, BODY25, _DERIVED, 'BODY_25')
