"""Estimate poses with any MMPose top-down config and checkpoint."""

from pathlib import Path
from typing import Iterator, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from torch import nn

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
from pipeline.errors import InputError
from pipeline.estimation.metainfo import find_metainfo
from pipeline.registry import ESTIMATORS
from pipeline.skeletons import Skeleton
from pipeline.types import Detections, Frame, People

Window = Sequence[Frame]
Picture = Union[np.ndarray, Frame]


@ESTIMATORS.register_module()
class PoseEstimator:
    """Estimates the poses of found people with a top-down model of MMPose.

    Every person goes through the model's own test pipeline, which is given

    ``img``                   the frame, ``(H, W, 3)`` uint8, BGR
    ``bbox``, ``bbox_score``  ``(1, 4)`` px, ``(1,)``
    ``neighbours``            the other frames of the window in the order of
                              ``frame_offsets``, for models of several frames
    ``keypoints_seed``, ``keypoint_scores_seed``
                              ``(1, 17, 2)`` px and ``(1, 17)``, where the detector
                              gave rough keypoints
    ``seed_carried``          whether these are only where the tracker expects them
    and the metainfo.

    A transform of one's own that treats the colour channels alike says so with an
    attribute ``channel_blind = True``; if all do, images come as RGB and are swapped
    in the network's input. One that stands first, or after the loading, and has ``takes_frame =
    True`` is given the :class:`pipeline.types.Frame` as ``frame`` in place of ``img`` (and frames as
    ``neighbours``) and cuts from it what it needs: the whole of a video's frame never becomes RGB.

    Attributes:
        skeleton: joints of the poses.
        frame_offsets: frames that the model wants to see around the one it answers for.

    Args:
        model: the estimator, in evaluation mode on its device.
        transforms: its test pipeline.
        metainfo: MMPose's parsed metainfo of its joints.
        batch_size: people that go through the network at once; what is more, is split.
        frame_offsets: see above; ascending, with 0.
        takes_rgb: whether the pipeline is to be given RGB instead of BGR images.
        takes_frame: whether the pipeline is to be given frames, and no images.
    """

    def __init__(
        self,
        model: nn.Module,
        transforms: Compose,
        metainfo: dict,
        batch_size: int = 32,
        frame_offsets: Sequence[int] = (0,),
        takes_rgb: bool = False,
        takes_frame: bool = False,
    ):
        if batch_size < 1:
            raise InputError(f'batch_size={batch_size}: must be at least 1')
        self.model, self.transforms, self.metainfo = model, transforms, metainfo
        self.batch_size, self.takes_rgb = batch_size, takes_rgb
        self.frame_offsets = tuple(frame_offsets)
        self.takes_frame = takes_frame
        self.skeleton = Skeleton.from_parsed(metainfo)

    @classmethod
    def from_config(
        cls,
        config: Union[str, Path, Config],
        checkpoint: Union[None, str, Path] = None,
        device: Union[str, torch.device] = 'auto',
        flip_test: Optional[bool] = None,
        batch_size: int = 32,
        speed: Union[Speed, Mapping, None] = None,
        checkpoint_from: Optional[str] = None,
    ) -> 'PoseEstimator':
        """Build an estimator and try it on an empty picture.

        Args:
            config: path of a config, ``mmpose::FOLDER/FILE.py`` for one that comes with
                MMPose, or a config. Reading a config runs it.
            checkpoint: path or ``asset:NAME``; opened without running anything in it.
            device: such as ``cpu`` or ``cuda:0``; ``auto`` is a GPU where torch sees one.
            flip_test: whether to average over the picture and its mirror image, at twice
                the time; None leaves it to the config.
            batch_size: see the class.
            speed: how the network is run, as :class:`Speed` or its arguments.
            checkpoint_from: for weights that cannot be downloaded here: how a person gets
                ``checkpoint``, said where it is missing.

        Raises:
            InputError: if something is missing, unreadable or does not fit together, or the
                config is not of a top-down estimator.
        """
        if checkpoint_from and checkpoint is not None and not Path(checkpoint).is_file():
            raise InputError(f'{checkpoint}: no such weights; {checkpoint_from}')
        from mmpose.registry import MODELS, TRANSFORMS

        config = load_config(config)
        _check_top_down(config)
        speed = Speed(**speed) if isinstance(speed, Mapping) else speed or Speed()
        if flip_test is not None and 'model' in config:
            config.model.test_cfg = dict(config.model.get('test_cfg') or {}, flip_test=flip_test)
        model, meta = build_network(config, MODELS, checkpoint, device, speed)
        transforms = build_transforms(pipeline_config(config), TRANSFORMS, config)
        offsets = getattr(model, 'frame_offsets', config.get('frame_offsets', (0,)))
        from_frame = takes_frame(transforms)
        estimator = cls(
            model,
            transforms,
            find_metainfo(config, meta),
            batch_size,
            offsets,
            accepts_rgb(transforms, model.data_preprocessor),
            from_frame,
        )
        estimator._try(config)
        return estimator

    def estimate(self, windows: Sequence[Window], detections: Sequence[Detections]) -> List[People]:
        """Poses of all people of several frames, in one batch (or several of ``batch_size``).

        Args:
            windows: for each frame the frames at ``frame_offsets`` around it; ``[[frame]]``
                for estimators of one frame.
            detections: the people of each frame.

        Returns:
            The people of each frame in the order of its detections, in px of the frame.
        """
        results = iter(self._predict(list(self._samples(windows, detections))))
        return [self._people(found, [next(results) for _ in range(len(found))]) for found in detections]

    def _samples(self, windows: Sequence[Window], detections: Sequence[Detections]) -> Iterator[dict]:
        swapped = {}  # windows overlap: each frame is swapped once
        for window, found in zip(windows, detections):
            if not len(found):
                continue
            if self.takes_frame:
                pictures = list(window)
            elif self.takes_rgb:
                pictures = [frame.image for frame in window]
            else:
                swapped.update({id(frame): to_bgr(frame.image) for frame in window if id(frame) not in swapped})
                pictures = [swapped[id(frame)] for frame in window]
            current = pictures.pop(self.frame_offsets.index(0))
            for person in range(len(found)):
                yield self._sample(current, pictures, found, person)

    def _sample(self, picture: Picture, neighbours: List[Picture], found: Detections, person: int) -> dict:
        sample = dict(
            self.metainfo,
            **{'frame' if self.takes_frame else 'img': picture},
            bbox=_with_area(found.bboxes[person : person + 1]),
            bbox_score=found.scores[person : person + 1],
        )
        if neighbours:
            sample['neighbours'] = neighbours
        if found.keypoints is not None:
            sample.update(
                keypoints_seed=found.keypoints[person : person + 1],
                keypoint_scores_seed=found.keypoint_scores[person : person + 1],
                seed_carried=bool(found.carried[person]),
            )
        return sample

    @torch.inference_mode()
    def _predict(self, samples: List[dict]) -> List[Tuple[np.ndarray, np.ndarray]]:
        """Keypoints ``(K, 2)`` and scores ``(K,)`` of each sample."""
        answers = []
        for start in range(0, len(samples), self.batch_size):
            batch = [self.transforms(sample) for sample in samples[start : start + self.batch_size]]
            for result in self.model.test_step(pseudo_collate(batch)):
                found = result.pred_instances
                answers.append((_array(found.keypoints)[0, :, :2], _array(found.keypoint_scores)[0]))
        return answers

    def _people(self, found: Detections, answers: List[Tuple[np.ndarray, np.ndarray]]) -> People:
        if not answers:
            return People.empty(self.skeleton.num_keypoints)
        keypoints, scores = map(np.stack, zip(*answers))
        return People(found.bboxes, found.scores, keypoints, scores.clip(0, 1))

    def _try(self, config: Config) -> None:
        blank = Frame(0, 0.0, np.zeros((64, 64, 3), np.uint8))
        one = Detections(np.array([[16, 16, 48, 48]], np.float32), np.ones(1, np.float32))
        try:
            people = self.estimate([[blank] * len(self.frame_offsets)], [one])[0]
        except InputError:
            raise
        except Exception as error:  # whatever a model and a pipeline that do not fit come up with
            raise InputError(f'{config_name(config)}: cannot process a frame ({first_line(error)})') from error
        if people.keypoints.shape[1] != self.skeleton.num_keypoints:
            raise InputError(
                f'{config_name(config)}: its model gives {people.keypoints.shape[1]} keypoints, its '
                f'metainfo ({self.skeleton.name}) names {self.skeleton.num_keypoints}'
            )


def _check_top_down(config: Config) -> None:
    """One-stage estimators (RTMO, bottom-up) take no boxes: their poses belong to no detection."""
    model = config.get('model') or {}
    if model.get('type') and type_name(model) == 'BottomupPoseEstimator':
        raise InputError(
            f'{config_name(config)}: a one-stage estimator (BottomupPoseEstimator) finds people by itself; '
            'the estimator must be a top-down one'
        )


def _with_area(bbox: np.ndarray) -> np.ndarray:
    """``(1, 4)`` px, at least one pixel wide and high, so that it can be enlarged to the input's size."""
    low, high = bbox[:, :2], bbox[:, 2:]
    return np.concatenate([low, np.maximum(high, low + 1)], axis=1)


def _array(values) -> np.ndarray:
    return np.asarray(values.cpu() if isinstance(values, torch.Tensor) else values, np.float32)
