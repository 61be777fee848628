"""An MMPose top-down estimator whose input is a person's crop from several frames."""
from typing import Sequence, Tuple

from mmpose.models.pose_estimators import TopdownPoseEstimator
from mmpose.registry import MODELS
from torch import Tensor


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
