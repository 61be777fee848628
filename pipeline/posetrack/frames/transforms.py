"""What MMPose's pipelines lack for several frames and for PoseTrack's published augmentation.

The rest is MMPose's own: box, flip, half body and affine give the published numbers, and act on a
list of frames alike. Keys are MMPose's: ``img`` (BGR), ``bbox_scale``, ``keypoints_visible``, ...
"""

from pathlib import Path
from typing import Optional, Sequence, Tuple

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmpose.registry import TRANSFORMS

from pipeline.errors import InputError
from pipeline.posetrack.frames.annotations import frame_number
from pipeline.video.image_sequence import read_image


@TRANSFORMS.register_module()
class LoadNeighbours(BaseTransform):
    """Make ``img`` a list: the frames around the current one.

    In a video chain the frames are at hand: ``neighbours`` holds one BGR image for each offset but
    0, ascending. In a data set they are loaded: files named by number beside ``img_path``, clamped
    to ``frame_range``, the first and last number of the sequence.

    Adds ``frame_margins``: frames from the current to the farthest frame before and after it, at
    least 1 (as published where there is none). Place it after :class:`LoadImage`.

    Args:
        frame_offsets: as of the model, ascending, 0 among them.

    Raises:
        InputError: if a frame is missing or differs in size from the current one.
    """

    channel_blind = True  # for pipeline.backends.openmmlab: RGB in, RGB out

    def __init__(self, frame_offsets: Sequence[int] = (-1, 0, 1)):
        self.frame_offsets = tuple(frame_offsets)

    def transform(self, results: dict) -> dict:
        current = results['img']
        others = [offset for offset in self.frame_offsets if offset]
        if 'neighbours' in results:
            images, distances = results.pop('neighbours'), others
            if len(images) != len(others):
                raise InputError(f'{len(images)} neighbours, but the offsets {self.frame_offsets} need {len(others)}')
        else:
            images, distances = self._load(results['img_path'], results['frame_range'], others, current)
        for image in images:
            if image.shape != current.shape:
                raise InputError(
                    f'{results["img_path"]}: is {current.shape[1]}x{current.shape[0]}, but a frame next '
                    f'to it is {image.shape[1]}x{image.shape[0]}'
                )
        frames = dict(zip(others, images))
        results['img'] = [frames.get(offset, current) for offset in self.frame_offsets]
        results['frame_margins'] = (max([1, *(-d for d in distances)]), max([1, *distances]))
        return results

    @staticmethod
    def _load(path: str, frame_range: Tuple[int, int], offsets: Sequence[int], current: np.ndarray):
        path, number = Path(path), frame_number(path)
        first, last = frame_range
        images, distances = [], []
        for offset in offsets:
            wanted = min(max(number + offset, first), last)
            distances.append(wanted - number)
            if wanted == number:
                images.append(current)
                continue
            neighbour = path.with_name(f'{wanted:0{len(path.stem)}}{path.suffix}')
            try:
                image = read_image(neighbour)
            except InputError as error:
                raise InputError(f'{neighbour}: cannot be read, but it is a frame next to {path}') from error
            images.append(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        return images, distances


@TRANSFORMS.register_module()
class RandomScaleRotation(BaseTransform):
    """Scale and rotate the box as published: clipped normal distributions.

    MMPose's :class:`RandomBBoxTransform` draws from truncated ones, which have no mass at the limits.

    Args:
        scale_factor: the scale is ``1 + scale_factor * normal``, within ``1 -/+ scale_factor``.
        rotation_factor: standard deviation of the rotation in degrees; the limit is twice as far.
        rotation_prob: probability of rotating at all.
    """

    def __init__(self, scale_factor: float = 0.35, rotation_factor: float = 45.0, rotation_prob: float = 0.6):
        self.scale_factor, self.rotation_factor, self.rotation_prob = scale_factor, rotation_factor, rotation_prob

    @cache_randomness
    def _draw(self, count: int) -> Tuple[np.ndarray, np.ndarray]:
        scale = 1 + self.scale_factor * np.clip(np.random.randn(count, 1), -1, 1)
        rotation = self.rotation_factor * np.clip(np.random.randn(count), -2, 2)
        return scale, np.where(np.random.rand(count) < self.rotation_prob, rotation, 0.0)

    def transform(self, results: dict) -> Optional[dict]:
        scale, rotation = self._draw(len(results['bbox_scale']))
        results['bbox_scale'] = results['bbox_scale'] * scale
        results['bbox_rotation'] = rotation
        return results


@TRANSFORMS.register_module()
class HideJointsOutside(BaseTransform):
    """Joints that the affine put outside of the crop are not visible. Place it after :class:`TopdownAffine`."""

    def transform(self, results: dict) -> dict:
        points, (width, height) = results['transformed_keypoints'], results['input_size']
        inside = ((points >= 0) & (points <= [width - 1, height - 1])).all(axis=-1)
        results['keypoints_visible'] = results['keypoints_visible'] * inside
        return results
