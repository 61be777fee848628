"""DSTA as a whole: backbone, joint tokens, head, for any number of frames."""
from typing import Sequence

from mmpose.registry import MODELS

from pipeline.models.multiframe import MultiFrameEstimator


@MODELS.register_module()
class DSTA(MultiFrameEstimator):
    """:class:`MultiFrameEstimator` that tells the head how many frames there are and which is current.

    Args:
        head: config of :class:`DSTAHead`, without ``num_frames`` and ``current``.
        frame_offsets: see :class:`MultiFrameEstimator`.
        **kwargs: of :class:`TopdownPoseEstimator`; ``neck`` is a :class:`JointTokens`.
    """

    def __init__(self, head: dict, frame_offsets: Sequence[int] = (-1, 0, 1), **kwargs):
        offsets = list(frame_offsets)
        head = dict(head, num_frames=len(offsets), current=offsets.index(0) if 0 in offsets else None)
        super().__init__(frame_offsets=offsets, head=head, **kwargs)
