"""BlazePose in MMPose's registry: each person by itself, with as many looks as it needs."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Iterator, List, Optional, Sequence, Tuple

import numpy as np
import torch
from mmengine.structures import InstanceData
from mmpose.models.pose_estimators.base import BasePoseEstimator
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

import pipeline.backends.litert  # noqa: F401  (registers the network)
from pipeline.networks.estimators.blazepose.crop import Crop
from pipeline.networks.estimators.blazepose.landmarks import to_coco
from pipeline.networks.estimators.blazepose.look import Look, View, interpret
from pipeline.skeletons import load_skeleton

# doubts that outweigh all others
_NO_GOOD = 4


@MODELS.register_module()
class BlazePoseEstimator(BasePoseEstimator):
    """COCO's 17 keypoints of a person, from a rough seed pose or a box.

    The first look is at the square that the seed pose (or the box) gives. It is
    doubted if the model sees no person, or not the seed's; if shoulders or hips have
    turned about (unsure between front and back, the model gives the mirror image, or
    the mean of both: a body as thin as a line); and if the square is not the one that
    the pose found would have. Then the person is looked at again in that one, and in
    some more. The least doubtful look counts. If not even that shows the person, the
    seed pose stands, with its scores halved: a seed that nothing confirms for
    several frames fades away.

    As many people are posed side by side as the network has ``copies``.

    Args:
        backbone: config of the network.
        data_preprocessor: config; must give RGB in 0..1.
        radius_factor: as in :class:`BlazePoseCrop`, for further looks.
        flag_thr: least pose flag to believe in (0..1).
        max_deviation, max_twist: largest ones to believe in (:func:`deviation`).
        retries: squares to look at when in doubt, as degrees to turn the first one and
            factors on its radius. Each costs as much as the first look.
        lost_retries: the same for when no look has shown the person so far.
        unconfirmed: what the scores of a pose that no look confirmed are multiplied with.
        test_cfg: ``flip_test=True`` averages over each square and its mirror image.
    """

    def __init__(
        self,
        backbone: dict,
        data_preprocessor: Optional[dict] = None,
        radius_factor: float = 1.25,
        flag_thr: float = 0.5,
        max_deviation: float = 0.35,
        max_twist: float = 0.15,
        retries: Sequence[Tuple[float, float]] = ((-12, 0.9), (12, 0.9)),
        lost_retries: Sequence[Tuple[float, float]] = ((-45, 1), (45, 1)),
        unconfirmed: float = 0.5,
        train_cfg: Optional[dict] = None,
        test_cfg: Optional[dict] = None,
        metainfo: Optional[dict] = None,
        init_cfg: Optional[dict] = None,
    ):
        # past BasePoseEstimator's own constructor, which demands a head
        super(BasePoseEstimator, self).__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        self.metainfo = self._load_metainfo(metainfo)
        self.backbone = MODELS.build(backbone)
        self.train_cfg, self.test_cfg = dict(train_cfg or {}), dict(test_cfg or {})
        self.radius_factor, self.flag_thr, self.max_deviation = radius_factor, flag_thr, max_deviation
        self.max_twist, self.unconfirmed = max_twist, unconfirmed
        self.retries, self.lost_retries = tuple(retries), tuple(lost_retries)
        # torch's own threads, which every Python thread has anew, would only be in each other's way
        self._side_by_side = ThreadPoolExecutor(
            getattr(self.backbone, 'copies', 1), 'person', torch.set_num_threads, (1,)
        )

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
        views = [sample.view for sample in data_samples]
        for pose, sample in zip(self._side_by_side.map(self._settle, views, inputs), data_samples):
            sample.pred_instances = InstanceData(
                keypoints=pose.keypoints[None].astype(np.float32),
                keypoint_scores=pose.scores[None].astype(np.float32),
                bboxes=sample.gt_instances.bboxes,
                bbox_scores=sample.gt_instances.bbox_scores,
            )
        return data_samples

    def extract_feat(self, inputs: torch.Tensor) -> List[List[np.ndarray]]:
        """The graph's outputs for each picture of ``(P, 3, size, size)``."""
        pictures = inputs.permute(0, 2, 3, 1).to('cpu', torch.float32).contiguous().numpy()
        return [self.backbone(pictures[i : i + 1]) for i in range(len(pictures))]

    def _forward(self, inputs: torch.Tensor, data_samples=None) -> List[List[np.ndarray]]:
        return self.extract_feat(inputs)

    def loss(self, inputs, data_samples):
        raise NotImplementedError('BlazePose comes as a trained graph and cannot be trained here')

    @torch.no_grad()  # which each thread has to say for itself
    def _settle(self, view: View, picture: torch.Tensor) -> Look:
        """Look as long as there are doubts; take the least doubtful look, or the seed."""
        best = self._look(view, view.crop, picture)
        for crop, worthwhile in self._further_crops(view, best):
            if self._doubts(best) < worthwhile:
                break
            look = self._look(view, crop, self._picture(view.image, crop, picture.shape[-1]))
            if (self._doubts(look), look.deviation) < (self._doubts(best), best.deviation):
                best = look
        if self._doubts(best) < _NO_GOOD:
            return best
        if view.keypoints is not None:
            best = replace(best, keypoints=view.keypoints, scores=view.scores)
        return replace(best, scores=best.scores * self.unconfirmed)

    def _further_crops(self, view: View, first: Look) -> Iterator[Tuple[Crop, int]]:
        """Squares to look at, and from how many doubts on."""
        yield first.own_crop, 1
        for retries, worthwhile in ((self.retries, 1), (self.lost_retries, _NO_GOOD)):
            for angle, zoom in retries:
                yield view.crop.changed(np.deg2rad(angle), zoom), worthwhile

    def _doubts(self, look: Look) -> int:
        """0 for none; from ``_NO_GOOD`` up the look is not to be believed."""
        seen = look.flag >= self.flag_thr and look.deviation <= self.max_deviation
        return _NO_GOOD * (not seen) + 2 * (look.twist > self.max_twist) + (not look.crop.fits(look.own_crop))

    def _picture(self, image: np.ndarray, crop: Crop, size: int) -> torch.Tensor:
        """``(3, size, size)``: a square of the frame as the network takes it."""
        picture = torch.from_numpy(crop.cut(image, size)).permute(2, 0, 1)
        return self.data_preprocessor(dict(inputs=[picture], data_samples=[]))['inputs'][0]

    def _look(self, view: View, crop: Crop, picture: torch.Tensor) -> Look:
        size = picture.shape[-1]
        points, scores, flag = to_coco(self.extract_feat(picture[None])[0])
        if self.test_cfg.get('flip_test', False):
            swap = list(load_skeleton('coco').flip_indices)
            mirrored, mirrored_scores, mirrored_flag = to_coco(self.extract_feat(picture[None].flip(-1))[0])
            mirrored[:, 0] = size - 1 - mirrored[:, 0]
            points, scores = (points + mirrored[swap]) / 2, (scores + mirrored_scores[swap]) / 2
            flag = (flag + mirrored_flag) / 2
        return interpret(points, scores, flag, size, crop, view, self.radius_factor, self.max_twist)
