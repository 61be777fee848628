"""Detect people with any MMDetection config and checkpoint."""

from pathlib import Path
from threading import Lock
from typing import List, Mapping, Optional, Sequence, Union

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from torch import nn
from torchvision.ops import nms

from pipeline.backends.openmmlab import (
    Speed,
    accepts_rgb,
    build_network,
    build_transforms,
    config_name,
    first_line,
    load_config,
    pipeline_config,
    takes_frame,
    to_bgr,
    type_name,
)
from pipeline.detection.classes import person_index
from pipeline.errors import InputError
from pipeline.registry import DETECTORS
from pipeline.types import Detections, Frame


@DETECTORS.register_module()
class PersonDetector:
    """Finds the people of frames with a detector of MMDetection.

    Args:
        model: the detector, in evaluation mode on its device.
        transforms: its test pipeline; the image comes in as ``img``, an array.
        person: label of class ``person``.
        score_thr: people with lower scores are dropped (0..1).
        nms_iou: of two people whose boxes overlap by more than this, the one with the
            lower score is dropped, besides what the detector itself drops; None
            leaves it at that.
        takes_rgb: whether the pipeline is to be given RGB instead of BGR images.
        takes_frame: whether the pipeline is to be given the frame as ``frame``, and no image.
    """

    def __init__(
        self,
        model: nn.Module,
        transforms: Compose,
        person: int,
        score_thr: float = 0.3,
        nms_iou: Optional[float] = 0.65,
        takes_rgb: bool = False,
        takes_frame: bool = False,
    ):
        for name, value in (('score_thr', score_thr), ('nms_iou', nms_iou)):
            if value is not None and not 0 <= value <= 1:
                raise InputError(f'{name}={value}: must be between 0 and 1')
        self.model, self.transforms, self.person = model, transforms, person
        self.score_thr, self.nms_iou = score_thr, nms_iou
        self.takes_rgb, self.takes_frame = takes_rgb, takes_frame
        self._one_at_a_time = Lock()

    @classmethod
    def from_config(
        cls,
        config: Union[str, Path, Config],
        checkpoint: Union[None, str, Path] = None,
        device: Union[str, torch.device] = 'auto',
        score_thr: float = 0.3,
        nms_iou: Optional[float] = 0.65,
        speed: Union[Speed, Mapping, None] = None,
    ) -> 'PersonDetector':
        """Build a detector and try it on an empty picture.

        Args:
            config: path of a config, ``mmdet::FOLDER/FILE.py`` for one that comes with
                MMDetection, or a config. Reading a config runs it.
            checkpoint: path or ``asset:NAME``; opened without running anything in it.
            device: such as ``cpu`` or ``cuda:0``; ``auto`` is a GPU where torch sees one.
            score_thr, nms_iou: see the class.
            speed: how the network is run, as :class:`Speed` or its arguments.

        Raises:
            InputError: if something is missing, unreadable or does not fit together, or
                the detector does not know people.
        """
        from mmdet.registry import MODELS, TRANSFORMS

        config = load_config(config)
        speed = Speed(**speed) if isinstance(speed, Mapping) else speed or Speed()
        model, meta = build_network(config, MODELS, checkpoint, device, speed)
        transforms = build_transforms([_from_array(t) for t in pipeline_config(config)], TRANSFORMS, config)
        from_frame = takes_frame(transforms)
        detector = cls(
            model,
            transforms,
            person_index(config, meta),
            score_thr,
            nms_iou,
            accepts_rgb(transforms, model.data_preprocessor),
            from_frame,
        )
        try:
            detector.detect([Frame(0, 0.0, np.zeros((64, 64, 3), np.uint8))])
        except InputError:
            raise
        except Exception as error:  # whatever a model and a pipeline that do not fit come up with
            raise InputError(f'{config_name(config)}: cannot process a frame ({first_line(error)})') from error
        return detector

    @property
    def remembers(self) -> bool:
        """Whether what is found in a frame depends on the frames before."""
        return getattr(self.model, 'remembers', False)

    def reset(self) -> None:
        """Begin a new video: forget what was seen before."""
        if hasattr(self.model, 'reset'):
            self.model.reset()

    @torch.inference_mode()
    def detect(self, frames: Sequence[Frame]) -> List[Detections]:
        """People of each frame, best first; all frames go through the network as one batch.

        Several threads may ask; they are answered one after the other.
        """
        if not frames:
            return []
        batch = pseudo_collate([self._prepared(frame) for frame in frames])
        with self._one_at_a_time:
            results = self.model.test_step(batch)
        return [self._people(result.pred_instances, frame) for result, frame in zip(results, frames)]

    def _prepared(self, frame: Frame) -> dict:
        if self.takes_frame:
            picture = dict(frame=frame)
        else:
            picture = dict(img=frame.image if self.takes_rgb else to_bgr(frame.image))
        return self.transforms(dict(picture, img_id=frame.index, time=frame.time))

    def _people(self, found, frame: Frame) -> Detections:
        width, height = frame.width, frame.height
        boxes, scores = found.bboxes.float(), found.scores.float()
        # MMDetection clips to the padded input, so boxes can leave the frame
        boxes = torch.stack([boxes[:, 0::2].clamp(0, width), boxes[:, 1::2].clamp(0, height)], dim=2).flatten(1)
        has_area = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        chosen = torch.nonzero((found.labels == self.person) & (scores >= self.score_thr) & has_area).flatten()
        chosen = chosen[scores[chosen].argsort(descending=True, stable=True)]
        if self.nms_iou is not None:
            chosen = chosen[nms(boxes[chosen], scores[chosen], self.nms_iou)]

        def array(values):
            return torch.as_tensor(values)[chosen.to(torch.as_tensor(values).device)].float().cpu().numpy()

        seeds = (
            {name: array(found[name]) for name in ('keypoints', 'keypoint_scores')}
            if 'keypoints' in found and 'keypoint_scores' in found
            else {}
        )
        return Detections(array(boxes), array(scores).clip(0, 1), **seeds)


def _from_array(transform: dict) -> dict:
    """The transform, or the one that takes a decoded image in place of one that reads a file."""
    if type_name(transform) != 'LoadImageFromFile':
        return transform
    return dict(type='mmdet.LoadImageFromNDArray', to_float32=transform.get('to_float32', False))
