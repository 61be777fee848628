"""A PoseTrack sequence in memory, whatever file format it came from.

Legend: ``P`` people in a frame, ``J`` = 15, PoseTrack's evaluated joints.
"""

from dataclasses import dataclass, field
from typing import List, Optional, Tuple

import numpy as np

# order and ids of PoseTrack17's file format
JOINTS: Tuple[str, ...] = (
    'right_ankle',
    'right_knee',
    'right_hip',
    'left_hip',
    'left_knee',
    'left_ankle',
    'right_wrist',
    'right_elbow',
    'right_shoulder',
    'left_shoulder',
    'left_elbow',
    'left_wrist',
    'head_bottom',
    'nose',
    'head_top',
)

# order of PoseTrack18's file format; the ears are never annotated and never evaluated
JOINTS18: Tuple[str, ...] = (
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

# the columns of every published table
COLUMNS = {
    'Head': ('head_bottom', 'nose', 'head_top'),
    'Sho': ('left_shoulder', 'right_shoulder'),
    'Elb': ('left_elbow', 'right_elbow'),
    'Wri': ('left_wrist', 'right_wrist'),
    'Hip': ('left_hip', 'right_hip'),
    'Knee': ('left_knee', 'right_knee'),
    'Ank': ('left_ankle', 'right_ankle'),
}

# poseval's score of a joint that has none
MISSING_SCORE = -9999.0
NO_TRACK = -1


@dataclass
class PoseFrame:
    """The people of one image.

    Attributes:
        image: file name as the file gives it.
        points: ``(P, J, 2)`` float64 px, NaN for joints that are not there.
        visible: ``(P, J)`` bool, the file's flag. It plays no part in scoring.
        scores: ``(P, J)`` float64, ``MISSING_SCORE`` where a joint has none.
        head_boxes: ``(P, 4)`` float64, x1 y1 x2 y2 in px; NaN where unknown.
        track_ids: ``(P,)`` int64, ``NO_TRACK`` where unknown.
        ignore_regions: polygons, each ``(n, 2)`` px with n >= 3.
        is_labeled: whether the file says that the frame was annotated.
    """

    image: str
    points: np.ndarray
    visible: np.ndarray
    scores: np.ndarray
    head_boxes: np.ndarray
    track_ids: np.ndarray
    ignore_regions: List[np.ndarray] = field(default_factory=list)
    is_labeled: bool = True

    def __len__(self) -> int:
        return len(self.points)

    @property
    def present(self) -> np.ndarray:
        """``(P, J)`` bool: which joints are there."""
        return ~np.isnan(self.points[..., 0])

    def without_joints(self, dropped: np.ndarray) -> 'PoseFrame':
        """A copy without the joints in ``dropped (P, J)`` and without people who then have none."""
        points = np.where(dropped[..., None], np.nan, self.points)
        keep = ~np.isnan(points[..., 0]).all(axis=1)
        return PoseFrame(
            self.image,
            points[keep],
            self.visible[keep],
            self.scores[keep],
            self.head_boxes[keep],
            self.track_ids[keep],
            self.ignore_regions,
            self.is_labeled,
        )

    @classmethod
    def from_people(
        cls, image: str, people: List['PosePerson'], ignore_regions: Optional[list] = None, is_labeled: bool = True
    ) -> 'PoseFrame':
        """Stack people read one by one."""
        count, joints = len(people), len(JOINTS)
        return cls(
            image,
            np.array([p.points for p in people], float).reshape(count, joints, 2),
            np.array([p.visible for p in people], bool).reshape(count, joints),
            np.array([p.scores for p in people], float).reshape(count, joints),
            np.array([p.head_box for p in people], float).reshape(count, 4),
            np.array([p.track_id for p in people], np.int64),
            list(ignore_regions or []),
            is_labeled,
        )


@dataclass
class PosePerson:
    """One person while a file is read; the rows of :class:`PoseFrame`."""

    points: np.ndarray = field(default_factory=lambda: np.full((len(JOINTS), 2), np.nan))
    visible: np.ndarray = field(default_factory=lambda: np.zeros(len(JOINTS), bool))
    scores: np.ndarray = field(default_factory=lambda: np.full(len(JOINTS), MISSING_SCORE))
    head_box: np.ndarray = field(default_factory=lambda: np.full(4, np.nan))
    track_id: int = NO_TRACK


@dataclass
class PoseSequence:
    """A video: its frames in order.

    Attributes:
        name: file stem, such as ``000342_mpii_test``.
        frames: in the file's order.
        path: the file, for messages.
    """

    name: str
    frames: List[PoseFrame]
    path: str = ''
