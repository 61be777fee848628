"""One pass of BlazePose over a person, and its confidence."""

from dataclasses import dataclass
from typing import Optional, Tuple

import numpy as np

from pipeline.networks.estimators.blazepose.crop import LEFT_HIP, LEFT_SHOULDER, RIGHT_HIP, RIGHT_SHOULDER, Crop, seen
from pipeline.networks.estimators.blazepose.landmarks import BODY, SWAP
from pipeline.types import Frame

# from here on the joints are the body's; before it they are the face's
_FIRST_BODY_JOINT = 5


@dataclass(frozen=True)
class View:
    """One person to look at.

    Attributes:
        frame: in which the person is; what is looked at is cut from it.
        crop: the square to look at first.
        keypoints, scores: ``(17, 2)`` px and ``(17,)``: the seed pose, if there is one.
        carried: the seed is where the tracker expects the person, not where a detector
            saw one in this very picture.
    """

    frame: Frame
    crop: Crop
    keypoints: Optional[np.ndarray] = None
    scores: Optional[np.ndarray] = None
    carried: bool = False

    def within(self, keypoints: np.ndarray) -> np.ndarray:
        """Which points ``(K, 2)`` lie in the picture: ``(K,)`` bool."""
        size = np.array([self.frame.width, self.frame.height])
        return ((keypoints >= -0.5) & (keypoints <= size - 0.5)).all(axis=1)


@dataclass(frozen=True)
class Pose:
    """What an estimator says of one person.

    Attributes:
        keypoints: ``(N, 2)`` px of the frame: COCO's 17, and after them those of :data:`POINTS` if they were seen.
        scores: ``(N,)`` in 0..1.
        confirmed: False where nothing showed the person, and the seed stands.
    """

    keypoints: np.ndarray
    scores: np.ndarray
    confirmed: bool = True


@dataclass(frozen=True)
class Look:
    """What BlazePose saw in one square.

    Attributes:
        keypoints: ``(N, 2)`` px of the frame, as in :class:`Pose`.
        scores: ``(N,)`` in 0..1; 0 for joints outside the frame.
        flag: how sure the model is of seeing a person, 0..1.
        deviation, twist: from the seed pose (:func:`deviation`); 0 without a seed.
        crop: the square looked at.
        own_crop: the square that the pose found would have had.
    """

    keypoints: np.ndarray
    scores: np.ndarray
    flag: float
    deviation: float
    twist: float
    crop: Crop
    own_crop: Crop


def interpret(
    points: np.ndarray,
    scores: np.ndarray,
    flag: float,
    size: int,
    crop: Crop,
    view: View,
    radius_factor: float,
    max_twist: float,
) -> Look:
    """What the network's answer means in the frame.

    A pose that is the seed's mirror image has left and right exchanged: nobody turns
    about between two frames, and MoveNet, whose seeds start a track, tells front from
    back better.

    Args:
        points: ``(N, 2)`` px of the ``size`` x ``size`` picture of ``crop``; COCO's 17, which alone decide, come first.
        scores, flag: as in :class:`Look`, but for joints outside the frame.
        radius_factor: as in :class:`BlazePoseCrop`.
        max_twist: more than this is a turn that cannot be.
    """
    keypoints = crop.to_frame(points, size)
    scores = scores * view.within(keypoints)
    apart = twist = 0.0
    if view.keypoints is not None:
        reach = view.crop.radius / radius_factor
        swap = list(SWAP[: len(keypoints)])
        apart, twist = deviation(keypoints[:BODY], view.keypoints, view.scores, reach)
        swapped_apart, swapped_twist = deviation(keypoints[swap][:BODY], view.keypoints, view.scores, reach)
        if twist > max_twist >= swapped_twist and swapped_apart < apart:
            keypoints, scores, apart, twist = keypoints[swap], scores[swap], swapped_apart, swapped_twist
    own_crop = Crop.around_pose(keypoints[:BODY], scores[:BODY], radius_factor)
    return Look(keypoints, scores, flag, apart, twist, crop, own_crop)


def deviation(keypoints: np.ndarray, seed: np.ndarray, seed_scores: np.ndarray, reach: float) -> Tuple[float, float]:
    """How a pose differs from its seed, in parts of ``reach``.

    Args:
        keypoints, seed: ``(17, 2)`` px, COCO order.
        seed_scores: ``(17,)``.
        reach: px from the hips to the farthest joint.

    Returns:
        The median distance of the body's joints that the seed saw; and the twist: how
        much the line from left to right shoulder, or that of the hips, changed.
    """
    body = np.flatnonzero(seen(seed_scores[_FIRST_BODY_JOINT:])) + _FIRST_BODY_JOINT
    apart = np.median(np.linalg.norm(keypoints[body] - seed[body], axis=1))
    across = [
        np.diff(pose[[[LEFT_SHOULDER, RIGHT_SHOULDER], [LEFT_HIP, RIGHT_HIP]]], axis=1) for pose in (keypoints, seed)
    ]
    return float(apart / reach), float(np.linalg.norm(across[0] - across[1], axis=2).max() / reach)
