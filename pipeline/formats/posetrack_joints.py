"""The 17 joints of PoseTrack18 from those of another skeleton.

Joints of equal name are taken over. The two that COCO lacks are derived as is
customary since Girdhar et al., "Detect-and-Track" (CVPR 2018): head_bottom is the
middle of the shoulders, and head_top lies as far beyond the nose as the nose lies
from head_bottom. Both are rough (a bent neck is not seen); their score is the mean
score of the joints they come from. A joint of which any source is missing is
missing.
"""

from pipeline.formats.joint_map import JointMap
from pipeline.skeletons import Skeleton

NAMES = (
    'nose',
    'head_bottom',
    'head_top',
    'left_ear',
    'right_ear',
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
_DERIVED = {
    'head_bottom': {'left_shoulder': 0.5, 'right_shoulder': 0.5},
    'head_top': {'nose': 2.0, 'left_shoulder': -0.5, 'right_shoulder': -0.5},
}


class PoseTrackJoints(JointMap):
    """A linear map from the joints of a skeleton to PoseTrack18's."""

    def __init__(self, skeleton: Skeleton):
        """
        Raises:
            InputError: if the skeleton has no joint in common with PoseTrack18.
        """
        super().__init__(skeleton, NAMES, _DERIVED, 'PoseTrack18')
