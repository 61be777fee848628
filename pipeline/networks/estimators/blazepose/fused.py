"""BlazePose and MoveNet together, in MMPose's registry."""

from typing import Optional, Sequence, Tuple

import numpy as np
from mmpose.registry import MODELS
from torch import nn

from pipeline.networks.estimators.blazepose.fusion import fuse, same_sides
from pipeline.networks.estimators.blazepose.landmarks import BODY, HANGS_ON, SWAP
from pipeline.networks.estimators.blazepose.look import Pose, View
from pipeline.networks.estimators.blazepose.person import PersonEstimator

COCO_SWAP = list(SWAP[:BODY])


@MODELS.register_module()
class FusedEstimator(PersonEstimator):
    """COCO's 17 keypoints of a person as several estimators agree upon them.

    The members look at the same person; where the seed is a detector's pose in this
    very picture it is one opinion more. What left and right are is voted upon, with the
    seed as a voter: nobody turns about between two frames.

    Points beyond the 17 (``all_points``) come from the one member that sees them, BlazePose. They are moved with the
    joint that they hang on: as far as what was agreed upon lies from where that member saw the joint.

    Args:
        members: configs of :class:`PersonEstimator` kinds.
        data_preprocessor: as in :class:`PersonEstimator`.
        gains: per member, and last for the seed: ``(slope, centre)`` of the logistic curves that
            bring their joints' scores to one scale: how likely a joint is within a tenth of
            the figure's size of where it should be.
        all_points: as in :class:`PersonEstimator`.
        test_cfg: ``flip_test`` goes on to the members.
    """

    def __init__(
        self,
        members: Sequence[dict],
        data_preprocessor: Optional[dict] = None,
        gains: Optional[Sequence[Tuple[float, float]]] = None,
        unconfirmed: float = 0.5,
        all_points: bool = False,
        train_cfg: Optional[dict] = None,
        test_cfg: Optional[dict] = None,
        metainfo: Optional[dict] = None,
        init_cfg: Optional[dict] = None,
    ):
        built = [
            MODELS.build(dict(member, test_cfg={**dict(member.get('test_cfg') or {}), **dict(test_cfg or {})}))
            for member in members
        ]
        super().__init__(
            built[0].backbone, data_preprocessor, unconfirmed, all_points, train_cfg, test_cfg, metainfo, init_cfg
        )
        self.members = nn.ModuleList(built)
        self.gains = np.asarray(gains if gains is not None else [(6.0, 0.4)] * (len(members) + 1), float)

    def settle(self, view: View, picture: np.ndarray) -> Pose:
        """What the members agree upon; the seed, its scores lowered, if none has seen the person."""
        poses = [(member.settle(view, picture), gain) for member, gain in zip(self.members, self.gains)]
        seen = [(pose.keypoints[:BODY], _sureness(pose.scores[:BODY], gain)) for pose, gain in poses if pose.confirmed]
        if not seen:
            return self.unseen(view, poses[0][0].keypoints, poses[0][0].scores)
        seeded = view.keypoints is not None
        if seeded:
            seen.append((view.keypoints, _sureness(view.scores, self.gains[-1])))
        keypoints, mirrored = same_sides([pose for pose, _ in seen], [1.0] * (len(seen) - seeded) + [1.1] * seeded)
        scores = np.stack([score[COCO_SWAP] if exchanged else score for (_, score), exchanged in zip(seen, mirrored)])
        if seeded and view.carried:  # it has voted, but is no look at this picture
            keypoints, scores = keypoints[:-1], scores[:-1]
        fused, sure = fuse(keypoints, scores, view.crop.radius / 1.25)
        if self.all_points:
            fused, sure = _with_others(fused, sure, [(p, g) for p, g in poses if p.confirmed], mirrored)
        return Pose(fused, sure * view.within(fused))


def _with_others(
    body: np.ndarray, scores: np.ndarray, poses: Sequence[Tuple[Pose, np.ndarray]], mirrored: np.ndarray
) -> Tuple[np.ndarray, np.ndarray]:
    """The 17 agreed upon, and after them the points of whichever of the ``poses`` has more, moved with the body."""
    for (pose, gain), exchanged in zip(poses, mirrored):
        if len(pose.keypoints) > BODY:
            order = list(SWAP) if exchanged else slice(None)
            points, sure = pose.keypoints[order], _sureness(pose.scores, gain)[order]
            moved = points + HANGS_ON @ (body - points[:BODY])
            return np.concatenate([body, moved[BODY:]]), np.concatenate([scores, sure[BODY:]])
    return body, scores


def _sureness(scores: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Scores of one estimator on the common scale."""
    slope, centre = gain
    return np.where(scores > 0, 1 / (1 + np.exp(-slope * (scores - centre))), 0)
