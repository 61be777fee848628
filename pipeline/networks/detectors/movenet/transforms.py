"""The test pipeline of MoveNet: keep the picture as it came, for looks at its parts."""

from mmcv.transforms import BaseTransform
from mmdet.datasets.transforms import PackDetInputs
from mmdet.registry import TRANSFORMS


@TRANSFORMS.register_module()
class KeepFrame(BaseTransform):
    """Remember the picture before it is resized.

    Required key: ``img``. Added keys: ``frame``; ``time`` (seconds), 0 if the source gives none.
    """

    channel_blind = True

    def transform(self, results: dict) -> dict:
        results['frame'] = results['img']
        results.setdefault('time', 0.0)
        return results


@TRANSFORMS.register_module()
class PackMoveNetInputs(PackDetInputs):
    """MMDetection's packing, with the whole picture in the data sample as ``frame`` (not a copy)."""

    channel_blind = True

    def transform(self, results: dict) -> dict:
        packed = super().transform(results)
        packed['data_samples'].set_field(results['frame'], 'frame')
        return packed
