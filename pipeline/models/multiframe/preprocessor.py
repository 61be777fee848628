"""Crops of several frames: collated, moved to the device, normalised."""
import torch
from mmpose.models.data_preprocessors import PoseDataPreprocessor
from mmpose.registry import MODELS


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
