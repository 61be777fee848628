"""MoveNet MultiPose on the square around one person, where it sees about twice as well as in the whole picture."""

from typing import Optional, Tuple

import cv2
import numpy as np
from mmpose.registry import MODELS

from pipeline.networks.detectors.movenet.decode import confidence, decode
from pipeline.networks.estimators.blazepose.look import Pose, View, deviation
from pipeline.networks.estimators.blazepose.person import PersonEstimator
from pipeline.skeletons import load_skeleton

SWAP = list(load_skeleton('coco').flip_indices)


@MODELS.register_module()
class MoveNetCropEstimator(PersonEstimator):
    """COCO's 17 keypoints of a person, from a seed pose or a box, by a detector of several people.

    Of the six candidates in the square the one nearest to the seed is the person;
    without a seed, the one that MoveNet is surest of and that stands in the middle.

    Args:
        backbone, data_preprocessor, unconfirmed, test_cfg: as in :class:`PersonEstimator`;
            ``flip_test=True`` averages over each square and its mirror image.
        size: side of the picture that the network is shown, a multiple of 32. Time goes
            with its square. A larger picture, cut for another estimator, is made smaller.
        radius_factor: radius of the square over the distance to the farthest joint.
        max_deviation: largest one from the seed to believe in (:func:`deviation`).
        min_score: least person score (calibrated) to believe in.
        calibration: as in :class:`MoveNetDetector`.
    """

    def __init__(
        self,
        backbone: dict,
        data_preprocessor: Optional[dict] = None,
        size: int = 192,
        radius_factor: float = 1.25,
        max_deviation: float = 0.35,
        min_score: float = 0.1,
        calibration: Tuple[float, float] = (0.22, 0.06),
        unconfirmed: float = 0.5,
        train_cfg: Optional[dict] = None,
        test_cfg: Optional[dict] = None,
        metainfo: Optional[dict] = None,
        init_cfg: Optional[dict] = None,
    ):
        super().__init__(backbone, data_preprocessor, unconfirmed, False, train_cfg, test_cfg, metainfo, init_cfg)
        self.size, self.radius_factor, self.max_deviation = size, radius_factor, max_deviation
        self.min_score, self.calibration = min_score, calibration

    def settle(self, view: View, picture: np.ndarray) -> Pose:
        """The nearest candidate; the seed if none is near."""
        if len(picture) != self.size:
            picture = cv2.resize(picture, (self.size, self.size), interpolation=cv2.INTER_AREA)
        pose = self._candidate(view, picture, False)
        if not (pose.confirmed and self.test_cfg.get('flip_test', False)):
            return pose
        mirrored = self._candidate(view, picture[:, ::-1], True)
        if not mirrored.confirmed:
            return pose
        return Pose((pose.keypoints + mirrored.keypoints) / 2, (pose.scores + mirrored.scores) / 2)

    def _candidate(self, view: View, picture: np.ndarray, mirrored: bool) -> Pose:
        size = len(picture)
        people = decode(self.seen_in(picture)[0][0], size, size)
        points, scores = people.keypoints.astype(np.float64), people.keypoint_scores
        if mirrored:
            points = points[:, SWAP] * [-1, 1] + [size - 1, 0]
            scores = scores[:, SWAP]
        poses = np.stack([view.crop.to_frame(candidate, size) for candidate in points])
        sure = confidence(people.scores, *self.calibration)
        if view.keypoints is not None:
            reach = view.crop.radius / self.radius_factor
            apart = np.array([deviation(pose, view.keypoints, view.scores, reach)[0] for pose in poses])
            # nearer is better, but an unsure double of the person is no person
            best = int(np.argmin(apart + 0.1 * (1 - sure)))
            believed = apart[best] <= self.max_deviation and sure[best] >= self.min_score
        else:
            off_centre = np.linalg.norm(poses.mean(axis=1) - view.crop.centre, axis=1) / view.crop.radius
            best = int(np.argmax(sure - off_centre))
            believed = sure[best] >= self.min_score
        seen = scores[best] * view.within(poses[best])
        return Pose(poses[best], seen) if believed else self.unseen(view, poses[best], seen)
