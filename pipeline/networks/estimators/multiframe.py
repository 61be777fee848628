"""Base classes of multi-frame estimators: preparing the frames, running the backbone on each."""

from typing import Sequence, Tuple

import torch
from mmpose.models.data_preprocessors import PoseDataPreprocessor
from mmpose.models.pose_estimators import TopdownPoseEstimator
from mmpose.registry import MODELS
from torch import Tensor

# Crops of several frames: collated, moved to the device, normalised.


@MODELS.register_module()
class FramesDataPreprocessor(PoseDataPreprocessor):
    """:class:`PoseDataPreprocessor` for inputs of ``(T, 3, H, W)`` per sample.

    All crops of a batch have the model's input size, so nothing is padded. Takes the arguments of
    :class:`PoseDataPreprocessor` (``mean``, ``std``, ``bgr_to_rgb``, ...).
    """

    def forward(self, data: dict, training: bool = False) -> dict:
        """``inputs``: ``B`` tensors ``(T, 3, H, W)``, uint8 -> one ``(B, T, 3, H, W)``, float32."""
        data = self.cast_data(data)
        inputs, data_samples = data['inputs'], data['data_samples']
        frames = inputs if isinstance(inputs, torch.Tensor) else torch.stack(list(inputs))
        if self._channel_conversion:
            frames = frames.flip(2)
        frames = frames.float()
        if self._enable_normalize:
            frames = (frames - self.mean) / self.std
        size = tuple(frames.shape[-2:])
        for sample in data_samples:
            sample.set_metainfo(dict(batch_input_shape=size, pad_shape=size))
        return dict(inputs=frames, data_samples=data_samples)


# An MMPose top-down estimator whose input is a person's crop from several frames.


@MODELS.register_module()
class MultiFrameEstimator(TopdownPoseEstimator):
    """The backbone and neck see each frame by itself; the head sees the features of all frames.

    Attributes:
        frame_offsets: the frames of a sample relative to the one whose pose is asked for, ascending,
            0 among them. The largest one is the latency in a stream, in frames.

    Args:
        frame_offsets: see above.
        **kwargs: of :class:`TopdownPoseEstimator`.
    """

    def __init__(self, frame_offsets: Sequence[int] = (-1, 0, 1), **kwargs):
        super().__init__(**kwargs)
        self.frame_offsets = tuple(frame_offsets)
        if 0 not in self.frame_offsets or list(self.frame_offsets) != sorted(set(self.frame_offsets)):
            raise ValueError(f'frame_offsets={self.frame_offsets}: must ascend and contain 0')

    def extract_feat(self, inputs: Tensor) -> Tuple[Tensor, ...]:
        """``(B, T, 3, H, W)`` to features ``(B, T, ...)``."""
        feats = super().extract_feat(inputs.flatten(0, 1))
        feats = feats if isinstance(feats, tuple) else (feats,)
        return tuple(x.unflatten(0, inputs.shape[:2]) for x in feats)
