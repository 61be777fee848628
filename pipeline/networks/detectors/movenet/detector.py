"""MoveNet MultiPose Lightning in MMDetection's registry: boxes, and keypoints that seed an estimator.

Model: "Next-Generation Pose Detection with MoveNet and TensorFlow.js" (Google, 2021),
a CenterNet with MobileNetV2 and a feature pyramid; finds up to six people.
"""

from typing import List, Optional, Tuple

import numpy as np
import torch
from mmdet.models.detectors.base import BaseDetector
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from torch.nn import functional

import pipeline.backends.openvino_network  # noqa: F401  (registers the network)
from pipeline.errors import InputError
from pipeline.networks.detectors.movenet import looks
from pipeline.networks.detectors.movenet.decode import MultiPose, confidence, decode, distinct, joined, mended_boxes
from pipeline.networks.detectors.movenet.looks import Tile, Turns
from pipeline.types import Frame


@MODELS.register_module()
class MoveNetDetector(BaseDetector):
    """Finds people together with rough keypoints.

    ``pred_instances`` has, besides ``bboxes``, ``labels`` (0, person) and ``scores``,
    also ``keypoints`` (P, 17, 2) and ``keypoint_scores`` (P, 17), COCO order.

    Args:
        backbone: config of the network.
        data_preprocessor: config; must give RGB in 0..255, padded to multiples of 32.
        calibration: MoveNet's person scores are low (0.3 to 0.7 for people in plain
            sight). They are sent through a logistic curve with this centre and width,
            so that 0.5 means: real in every second case.
        score_thr: people with lower scores, after that, are dropped.
        keypoint_thr: keypoints with lower scores do not stretch a box.
        least_iou: boxes that overlap that of the keypoints by less are replaced by it.
        nms_iou, nms_oks: two people are one above these.
        near_size: px of the longer side for a second look at the whole picture, which finds
            large figures better; at the start of a video and where nobody is found. None: none.
        tile_size: px of the longer side of each tile (:mod:`.looks`); None: no tiles.
        tile_score_thr: as ``score_thr`` for people whom only tiles show.
        least_side: pictures whose longer side is shorter than this have no tiles, px.
    """

    def __init__(
        self,
        backbone: dict,
        data_preprocessor: Optional[dict] = None,
        calibration: Tuple[float, float] = (0.22, 0.06),
        score_thr: float = 0.1,
        keypoint_thr: float = 0.15,
        least_iou: float = 0.6,
        nms_iou: float = 0.7,
        nms_oks: float = 0.75,
        near_size: Optional[int] = None,
        tile_size: Optional[int] = None,
        tile_score_thr: float = 0.3,
        least_side: int = 640,
        init_cfg: Optional[dict] = None,
    ):
        super().__init__(data_preprocessor=data_preprocessor, init_cfg=init_cfg)
        if not calibration[1] > 0:
            raise InputError(f'calibration={calibration}: the width must be above 0')
        self.backbone = MODELS.build(backbone)
        self.calibration = calibration
        self.score_thr, self.keypoint_thr, self.least_iou = score_thr, keypoint_thr, least_iou
        self.nms_iou, self.nms_oks = nms_iou, nms_oks
        self.near_size, self.tile_size = near_size, tile_size
        self.tile_score_thr, self.least_side = tile_score_thr, least_side
        self.reset()

    @property
    def remembers(self) -> bool:
        """Whether what is found in a picture depends on the pictures before: looks at parts take turns."""
        return self.tile_size is not None or self.near_size is not None

    def reset(self) -> None:
        """Begin a new video."""
        self._turns = Turns()

    @torch.no_grad()
    def predict(
        self, batch_inputs: torch.Tensor, batch_data_samples: List[DetDataSample], rescale: bool = True
    ) -> List[DetDataSample]:
        """Find the people of each image.

        Args:
            batch_inputs: ``(B, 3, H, W)`` RGB, 0..255; H and W multiples of 32.
            batch_data_samples: with ``scale_factor`` (width, height) of the resizing.
            rescale: give px of the original images instead of the inputs.

        Returns:
            The data samples with ``pred_instances``.
        """
        for people, sample in zip(self._forward(batch_inputs), batch_data_samples):
            people = self._filtered(people)
            if rescale:
                _rescale(people, sample.metainfo.get('scale_factor', (1.0, 1.0)))
                if 'frame' in sample:
                    people = self._further_looks(people, sample.frame, sample.metainfo.get('time', 0.0))
            device = batch_inputs.device
            sample.pred_instances = InstanceData(
                bboxes=torch.from_numpy(people.bboxes).to(device),
                scores=torch.from_numpy(people.scores).to(device),
                labels=torch.zeros(len(people), dtype=torch.long, device=device),
                keypoints=torch.from_numpy(people.keypoints).to(device),
                keypoint_scores=torch.from_numpy(people.keypoint_scores).to(device),
            )
        return batch_data_samples

    def extract_feat(self, batch_inputs: torch.Tensor) -> List[np.ndarray]:
        """The network's output tensor of each image, ``(6, 56)``."""
        images = batch_inputs.permute(0, 2, 3, 1).to('cpu', torch.uint8).contiguous().numpy()
        return [self.backbone(images[i : i + 1])[0][0] for i in range(len(images))]

    def _forward(self, batch_inputs: torch.Tensor, batch_data_samples=None) -> List[MultiPose]:
        """All six candidates of each image, in px of the input."""
        height, width = batch_inputs.shape[2:]
        return [decode(output, height, width) for output in self.extract_feat(batch_inputs)]

    def loss(self, batch_inputs, batch_data_samples):
        raise NotImplementedError('MoveNet comes as a trained graph and cannot be trained here')

    def _further_looks(self, people: MultiPose, frame: Frame, time: float) -> MultiPose:
        """Those whom looks at the picture's parts, or a look from further away, show besides."""
        width, height = frame.width, frame.height
        tiles = looks.tiles(width, height) if self.tile_size and max(width, height) >= self.least_side else []
        due = self._turns.due(time, max(len(tiles), 1))
        first = len(due) >= max(len(tiles), 1)
        found, cut = [people], [np.zeros(len(people), bool)]
        # looks at the whole and at tiles share one size of input: each further one is a second of preparation
        room = self._look_size(tiles[0], self.tile_size) if tiles else (0, 0)
        if self.near_size and (first or not len(people)):
            found.append(self._look(frame, (0, 0, width, height), self.near_size, room))
            cut.append(np.zeros(len(found[-1]), bool))
        for tile in [tiles[index] for index in due if tiles]:
            part = self._look(frame, tile, self.tile_size, room)
            part = part[part.scores >= self.tile_score_thr]
            found.append(part)
            cut.append(looks.cut_off(part.bboxes, tile, width, height))
        if len(found) == 1:
            return people
        together, cut = joined(found), np.concatenate(cut)
        kept = looks.whole_first(together, cut)
        together = together[kept]
        together = together[distinct(together, self.nms_iou, self.nms_oks)]
        self._turns.learn(time, len(people), len(together) - len(people))
        return together

    @staticmethod
    def _look_size(part: Tile, size: int) -> Tuple[int, int]:
        """Width and height of a part (x1, y1, x2, y2) that is shown with ``size`` px on the longer side."""
        x1, y1, x2, y2 = part
        scale = size / max(x2 - x1, y2 - y1)
        return max(1, round((x2 - x1) * scale)), max(1, round((y2 - y1) * scale))

    def _look(self, frame: Frame, part: Tile, size: int, room: Tuple[int, int]) -> MultiPose:
        """People of a part of the frame, in its px, in a picture that is at least as wide and high as ``room``."""
        x1, y1, x2, y2 = part
        width, height = self._look_size(part, size)
        scale_x, scale_y = width / (x2 - x1), height / (y2 - y1)
        tensor = torch.from_numpy(frame.resized(width, height, part=part)).permute(2, 0, 1)
        tensor = functional.pad(tensor, (0, max(0, room[0] - width), 0, max(0, room[1] - height)))
        sample = DetDataSample(metainfo=dict(img_shape=(height, width)))
        inputs = self.data_preprocessor(dict(inputs=[tensor], data_samples=[sample]))['inputs']
        people = self._filtered(self._forward(inputs)[0])
        _rescale(people, (scale_x, scale_y))
        people.keypoints = people.keypoints + np.array([x1, y1], np.float32)
        people.bboxes = people.bboxes + np.array([x1, y1, x1, y1], np.float32)
        return people

    def _filtered(self, people: MultiPose) -> MultiPose:
        people.scores = confidence(people.scores, *self.calibration).astype(np.float32)
        people = people[people.scores >= self.score_thr]
        people.bboxes = mended_boxes(people, self.keypoint_thr, self.least_iou).astype(np.float32)
        return people[distinct(people, self.nms_iou, self.nms_oks)]


def _rescale(people: MultiPose, scale_factor: Tuple[float, float]) -> None:
    scale = np.asarray(scale_factor, np.float32)[:2]
    # pixel centres are whole numbers on both scales
    people.keypoints = (people.keypoints + 0.5) / scale - 0.5
    people.bboxes = ((people.bboxes.reshape(-1, 2, 2) + 0.5) / scale - 0.5).reshape(-1, 4)
