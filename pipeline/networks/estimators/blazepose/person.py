"""Base class of estimators that process each person by itself, in as many passes as needed."""

from concurrent.futures import ThreadPoolExecutor
from typing import List, Optional, Tuple

import numpy as np
import torch
from mmengine.structures import InstanceData
from mmpose.models.pose_estimators.base import BasePoseEstimator
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

import pipeline.backends.openvino_network  # noqa: F401  (registers the network)
from pipeline.networks.estimators.blazepose.landmarks import BODY, HANGS_ON, POINTS
from pipeline.networks.estimators.blazepose.look import Pose, View


class PersonEstimator(BasePoseEstimator):
    """Poses every person by itself; as many side by side as the network has ``copies``.

    A kind of estimator says in :meth:`settle` how. Its pictures are uint8 arrays from the cutting
    to the network: in between, torch would spend a tenth of the chain's time on copies.

    Args:
        backbone: config of the network, which takes ``(1, size, size, 3)`` RGB: uint8, or float32 in 0..1.
        data_preprocessor: config; only collates.
        unconfirmed: what the scores of a pose that no look confirmed are multiplied with:
            a seed that nothing confirms for several frames fades away.
        all_points: give BlazePose's 33 landmarks in their own order in place of COCO's 17, of which the body's are
            the same. Where nothing showed the others, they lie at the joint that they hang on, with score 0.
    """

    def __init__(
        self,
        backbone: dict,
        data_preprocessor: Optional[dict] = None,
        unconfirmed: float = 0.5,
        all_points: bool = False,
        train_cfg: Optional[dict] = None,
        test_cfg: Optional[dict] = None,
        metainfo: Optional[dict] = None,
        init_cfg: Optional[dict] = None,
    ):
        # past BasePoseEstimator's own constructor, which demands a head
        super(BasePoseEstimator, self).__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        self.metainfo = self._load_metainfo(metainfo)
        self.backbone = MODELS.build(backbone) if isinstance(backbone, dict) else backbone
        self.train_cfg, self.test_cfg = dict(train_cfg or {}), dict(test_cfg or {})
        self.unconfirmed, self.all_points = unconfirmed, all_points
        # torch's own threads, which every Python thread has anew, would only be in each other's way
        self._side_by_side = ThreadPoolExecutor(
            getattr(self.backbone, 'copies', 1), 'person', torch.set_num_threads, (1,)
        )

    def settle(self, view: View, picture: np.ndarray) -> Pose:
        """The pose of one person.

        Args:
            view: whom to look at.
            picture: ``(size, size, 3)`` uint8 RGB: the square ``view.crop``.
        """
        raise NotImplementedError

    @torch.no_grad()
    def predict(self, inputs: torch.Tensor, data_samples: List[PoseDataSample]) -> List[PoseDataSample]:
        """Pose every person.

        Args:
            inputs: ``(P, size, size, 3)`` uint8 RGB, the first squares.
            data_samples: each with its :class:`View` as ``view``.

        Returns:
            The data samples with ``pred_instances``: ``keypoints`` (1, K, 2) px of the
            frame, ``keypoint_scores`` (1, K), ``bboxes``, ``bbox_scores``.
        """
        views = [sample.view for sample in data_samples]
        for pose, sample in zip(self._side_by_side.map(self._settle, views, inputs.cpu().numpy()), data_samples):
            keypoints, scores = self._given(pose)
            sample.pred_instances = InstanceData(
                keypoints=keypoints[None].astype(np.float32),
                keypoint_scores=scores[None].astype(np.float32),
                bboxes=sample.gt_instances.bboxes,
                bbox_scores=sample.gt_instances.bbox_scores,
            )
        return data_samples

    def seen_in(self, picture: np.ndarray) -> List[np.ndarray]:
        """The network's outputs for a picture ``(size, size, 3)`` uint8 RGB."""
        if self.backbone.dtype == np.float32:
            picture = picture * np.float32(1 / 255)
        return self.backbone(np.ascontiguousarray(picture[None]))

    def extract_feat(self, inputs: torch.Tensor) -> List[List[np.ndarray]]:
        """The network's outputs for each picture of ``(P, size, size, 3)`` uint8 RGB."""
        return [self.seen_in(picture) for picture in inputs.cpu().numpy()]

    def unseen(self, view: View, keypoints: np.ndarray, scores: np.ndarray) -> Pose:
        """The seed of someone whom no look has shown (without one, what was seen), its scores lowered."""
        if view.keypoints is not None:
            keypoints, scores = view.keypoints, view.scores
        return Pose(keypoints, scores * self.unconfirmed, False)

    def _given(self, pose: Pose) -> Tuple[np.ndarray, np.ndarray]:
        """Keypoints ``(K, 2)`` and scores ``(K,)`` in the order of the estimator's skeleton."""
        if not self.all_points:
            return pose.keypoints[:BODY], pose.scores[:BODY]
        keypoints, scores = HANGS_ON @ pose.keypoints[:BODY], np.zeros(len(POINTS))
        keypoints[: len(pose.keypoints)], scores[: len(pose.scores)] = pose.keypoints, pose.scores
        order = np.argsort(POINTS)
        return keypoints[order], scores[order]

    def _forward(self, inputs: torch.Tensor, data_samples=None) -> List[List[np.ndarray]]:
        return self.extract_feat(inputs)

    @torch.no_grad()  # which each thread has to say for itself
    def _settle(self, view: View, picture: np.ndarray) -> Pose:
        return self.settle(view, picture)

    def loss(self, inputs, data_samples):
        raise NotImplementedError(f'{type(self).__name__} runs a trained graph and cannot be trained here')
