"""Swap RGB frames to the BGR that OpenMMLab's pipelines expect, as late and as small as possible."""

import cv2
import numpy as np
from mmengine.dataset import Compose
from mmengine.model import ImgDataPreprocessor
from torch import nn

# Transforms that treat the three channels alike, so that they commute with a swap.
_CHANNEL_BLIND = {
    'LoadImage',
    'LoadImageFromNDArray',
    'LoadAnnotations',
    'Resize',
    'Pad',
    'GetBBoxCenterScale',
    'TopdownAffine',
    'PackDetInputs',
    'PackPoseInputs',
}


def accepts_rgb(transforms: Compose, preprocessor: nn.Module) -> bool:
    """Make ``preprocessor`` swap the channels of the small network input instead of the whole frame.

    Possible, and exact, where every transform is blind to the order of channels: the
    ones listed here, and those with a true attribute ``channel_blind``. A preprocessor
    that swapped BGR to RGB then has nothing to swap at all.

    Returns:
        Whether it was possible. If not, the pipeline must be given BGR.
    """
    if not isinstance(preprocessor, ImgDataPreprocessor) or not all(map(_is_blind, transforms.transforms)):
        return False
    preprocessor._channel_conversion = not preprocessor._channel_conversion
    return True


def takes_frame(transforms: Compose) -> bool:
    """Let ``transforms`` begin with the first one that can make its picture from a frame itself.

    Such a transform has a true attribute ``takes_frame``, and stands first or after the one that
    loads the image. It takes a :class:`pipeline.types.Frame` from ``frame`` and gives RGB under
    ``img``; all others are given an image of the whole frame, which costs a conversion to RGB
    where a video is YUV.

    Returns:
        Whether there is one. If not, nothing has changed.
    """
    for position, transform in enumerate(transforms.transforms[:2]):
        if getattr(transform, 'takes_frame', False):
            del transforms.transforms[:position]
            return True
    return False


def to_bgr(image: np.ndarray) -> np.ndarray:
    """``(H, W, 3)`` uint8, RGB to BGR, in a copy."""
    return cv2.cvtColor(image, cv2.COLOR_RGB2BGR)


def _is_blind(transform) -> bool:
    known = type(transform).__name__ in _CHANNEL_BLIND and type(transform).__module__.startswith(('mmdet.', 'mmpose.'))
    if not getattr(transform, 'channel_blind', known):
        return False
    fill = getattr(transform, 'pad_val', {})
    fill = fill.get('img', 0) if isinstance(fill, dict) else fill
    return isinstance(fill, (int, float)) or len(set(fill)) == 1
