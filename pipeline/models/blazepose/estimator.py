"""BlazePose in MMPose's registry: one person at a time, with as many looks as it needs."""
from dataclasses import dataclass
from typing import Iterator, List, Optional, Sequence

import pipeline.compat  # noqa: F401  (before anything of mmcv, MMDetection or MMPose)
import numpy as np
import torch
from mmengine.structures import InstanceData
from mmpose.models.pose_estimators.base import BasePoseEstimator
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

import pipeline.models.litert  # noqa: F401  (registers the network)
from pipeline.models.blazepose.crop import Crop
from pipeline.models.blazepose.landmarks import to_coco
from pipeline.models.blazepose.transforms import View
from pipeline.skeletons import load_skeleton


@dataclass(frozen=True)
class Look:
    """What BlazePose saw in one square.

    Attributes:
        keypoints: ``(17, 2)`` px of the frame.
        scores: ``(17,)`` in 0..1; 0 for joints outside the frame.
        flag: how sure the model is of seeing a person, 0..1.
        deviation: from the seed pose (:func:`deviation`); 0 without a seed.
    """
    keypoints: np.ndarray
    scores: np.ndarray
    flag: float
    deviation: float


@MODELS.register_module()
class BlazePoseEstimator(BasePoseEstimator):
    """COCO's 17 keypoints of a person, from a rough seed pose or a box.

    The first look is at the square that the seed pose gives. People without a seed
    are looked at again in the square of the pose just found. Where the model does
    not see a person, or not the seed's, the square is turned; if that does not
    help either, the seed pose stands, with its scores halved: a seed that nothing
    confirms for several frames fades away.

    Args:
        backbone: config of the network.
        data_preprocessor: config; must give RGB in 0..1.
        radius_factor: as in :class:`BlazePoseCrop`, for further looks.
        flag_thr: least flag of a look to believe in.
        max_deviation: largest deviation from the seed pose to believe in.
        retry_angles: degrees by which the square is turned for further looks; each
            costs as much as a first look. Empty: none.
        unconfirmed: what the scores of a pose that no look confirmed are multiplied with.
        test_cfg: ``flip_test=True`` averages over each square and its mirror image.
    """

    def __init__(self, backbone: dict, data_preprocessor: Optional[dict] = None, radius_factor: float = 1.25,
                 flag_thr: float = 0.5, max_deviation: float = 0.35, retry_angles: Sequence[float] = (45, -45),
                 unconfirmed: float = 0.5, test_cfg: Optional[dict] = None, metainfo: Optional[dict] = None,
                 init_cfg: Optional[dict] = None):
        # past BasePoseEstimator's own constructor, which demands a head
        super(BasePoseEstimator, self).__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        self.metainfo = self._load_metainfo(metainfo)
        self.backbone = MODELS.build(backbone)
        self.train_cfg, self.test_cfg = {}, dict(test_cfg or {})
        self.radius_factor, self.flag_thr, self.max_deviation = radius_factor, flag_thr, max_deviation
        self.retry_angles, self.unconfirmed = tuple(np.deg2rad(retry_angles)), unconfirmed

    @torch.no_grad()
    def predict(self, inputs: torch.Tensor, data_samples: List[PoseDataSample]) -> List[PoseDataSample]:
        """Pose every person.

        Args:
            inputs: ``(P, 3, size, size)`` RGB in 0..1, the first squares.
            data_samples: each with its :class:`View` as ``view``.

        Returns:
            The data samples with ``pred_instances``: ``keypoints`` (1, 17, 2) px of the
            frame, ``keypoint_scores`` (1, 17), ``bboxes``, ``bbox_scores``.
        """
        for picture, sample in zip(inputs, data_samples):
            pose = self._settle(sample.view, self._look(picture, sample.view.crop, sample.view))
            sample.pred_instances = InstanceData(
                keypoints=pose.keypoints[None].astype(np.float32),
                keypoint_scores=pose.scores[None].astype(np.float32),
                bboxes=sample.gt_instances.bboxes, bbox_scores=sample.gt_instances.bbox_scores)
        return data_samples

    def extract_feat(self, inputs: torch.Tensor) -> List[List[np.ndarray]]:
        """The graph's outputs for each picture of ``(P, 3, size, size)``."""
        pictures = inputs.permute(0, 2, 3, 1).to('cpu', torch.float32).contiguous().numpy()
        return [self.backbone(pictures[i:i + 1]) for i in range(len(pictures))]

    def _forward(self, inputs: torch.Tensor, data_samples=None) -> List[List[np.ndarray]]:
        return self.extract_feat(inputs)

    def loss(self, inputs, data_samples):
        raise NotImplementedError('BlazePose comes as a trained graph and cannot be trained here')

    def _settle(self, view: View, first: Look) -> Look:
        """Look again as long as it seems to help, and take the best look, or the seed."""
        best = first
        for crop in self._further_crops(view, first):
            look = self._look(self._picture(view.image, crop), crop, view)
            if self._believable(look) and (view.keypoints is None or not self._believable(best)):
                best = look
            if self._believable(best):
                return best
        if self._believable(best):
            return best
        pose, scores = (best.keypoints, best.scores) if view.keypoints is None else (view.keypoints, view.scores)
        return Look(pose, scores * self.unconfirmed, best.flag, best.deviation)

    def _further_crops(self, view: View, first: Look) -> Iterator[Crop]:
        if view.keypoints is None:
            yield Crop.around_pose(first.keypoints, first.scores, self.radius_factor)
        elif self._believable(first):
            return
        for angle in self.retry_angles:
            yield view.crop.turned(angle)

    def _believable(self, look: Look) -> bool:
        return look.flag >= self.flag_thr and look.deviation <= self.max_deviation

    def _picture(self, image: np.ndarray, crop: Crop) -> torch.Tensor:
        """``(3, size, size)``: a square of the frame as the network takes it."""
        picture = torch.from_numpy(crop.cut(image, self._size)).permute(2, 0, 1)
        return self.data_preprocessor(dict(inputs=[picture], data_samples=[]))['inputs'][0]

    def _look(self, picture: torch.Tensor, crop: Crop, view: View) -> Look:
        self._size = size = picture.shape[-1]
        outputs = self.extract_feat(picture[None])[0]
        points, scores, flag = to_coco(outputs)
        if self.test_cfg.get('flip_test', False):
            mirrored, mirrored_scores, mirrored_flag = to_coco(self.extract_feat(picture[None].flip(-1))[0])
            swap = list(load_skeleton('coco').flip_indices)
            mirrored[:, 0] = size - 1 - mirrored[:, 0]
            points, scores = (points + mirrored[swap]) / 2, (scores + mirrored_scores[swap]) / 2
            flag = (flag + mirrored_flag) / 2
        keypoints = crop.to_frame(points, size)
        height, width = view.image.shape[:2]
        inside = ((keypoints >= -0.5) & (keypoints <= np.array([width, height]) - 0.5)).all(axis=1)
        apart = 0.0 if view.keypoints is None else \
            deviation(keypoints, view.keypoints, view.scores, view.crop.radius / self.radius_factor)
        return Look(keypoints, scores * inside, flag, apart)


def deviation(keypoints: np.ndarray, seed: np.ndarray, seed_scores: np.ndarray, reach: float) -> float:
    """How far a pose is from its seed: the median distance of the body's joints over ``reach``.

    The two models often see each other's left as right, mostly in people seen from
    behind; this does not count. Joints that the seed did not see do not count either.

    Args:
        keypoints, seed: ``(17, 2)`` px, COCO order.
        seed_scores: ``(17,)``.
        reach: px from the hips to the farthest joint.
    """
    body = np.arange(17) >= 5
    body &= seed_scores >= np.median(seed_scores[body]) / 2
    swap = list(load_skeleton('coco').flip_indices)
    return min(float(np.median(np.linalg.norm(pose[body] - seed[body], axis=1))) / reach
               for pose in (keypoints, keypoints[swap]))
