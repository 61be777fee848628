"""DCPose as a whole: MMPose's HRNet on three frames, then the head that fuses them."""
from typing import Sequence

from mmpose.registry import MODELS

from pipeline.models.multiframe import MultiFrameEstimator

ROUGH = ('backbone.', 'head.final_layer.')


@MODELS.register_module()
class DCPose(MultiFrameEstimator):
    """:class:`MultiFrameEstimator` of previous, current and next frame.

    Args:
        freeze_rough: train the fusion only, on top of a rough estimator (backbone and ``final_layer``)
            whose weights stay as they are. Its batch norms still gather statistics in training, as
            published.
        frame_offsets: one frame before, the current one, one frame after.
        **kwargs: of :class:`TopdownPoseEstimator`; ``head`` is a :class:`DCPoseHead`.
    """

    def __init__(self, freeze_rough: bool = False, frame_offsets: Sequence[int] = (-1, 0, 1), **kwargs):
        super().__init__(frame_offsets=frame_offsets, **kwargs)
        if len(self.frame_offsets) != 3 or self.frame_offsets[1] != 0:
            raise ValueError(f'frame_offsets={self.frame_offsets}: DCPose takes a frame before, 0 and a frame after')
        if freeze_rough:
            for name, parameter in self.named_parameters():
                if name.startswith(ROUGH):
                    parameter.requires_grad_(False)
