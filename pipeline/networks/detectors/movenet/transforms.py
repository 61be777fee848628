"""The test pipeline of MoveNet: a small picture of the frame, and the frame itself for looks at its parts."""

import cv2
from mmcv.transforms import BaseTransform
from mmdet.datasets.transforms import PackDetInputs
from mmdet.registry import TRANSFORMS

from pipeline.types import Frame


@TRANSFORMS.register_module()
class ResizeFrame(BaseTransform):
    """Show the whole frame with ``size`` px on its longer side.

    Required key: ``frame`` (a :class:`pipeline.types.Frame`), or else ``img``. Modified key:
    ``img``. Added keys: ``frame``; ``img_shape`` and ``ori_shape`` (height, width) and
    ``scale_factor`` (width, height) as MMDetection's ``Resize`` has them; ``time`` (seconds), 0
    if the source gives none.
    """

    channel_blind = takes_frame = True

    def __init__(self, size: int):
        self.size = size

    def transform(self, results: dict) -> dict:
        frame = results['frame'] if 'frame' in results else Frame(0, 0.0, results['img'])
        scale = self.size / max(frame.width, frame.height)
        width, height = (max(1, int(side * scale + 0.5)) for side in (frame.width, frame.height))
        results.update(
            frame=frame,
            img=frame.resized(width, height, cv2.INTER_LINEAR),
            img_shape=(height, width),
            ori_shape=(frame.height, frame.width),
            scale_factor=(width / frame.width, height / frame.height),
        )
        results.setdefault('time', 0.0)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(size={self.size})'


@TRANSFORMS.register_module()
class PackMoveNetInputs(PackDetInputs):
    """MMDetection's packing, with the frame in the data sample as ``frame``."""

    channel_blind = True

    def transform(self, results: dict) -> dict:
        packed = super().transform(results)
        packed['data_samples'].set_field(results['frame'], 'frame')
        return packed
