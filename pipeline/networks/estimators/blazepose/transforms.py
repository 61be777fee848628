"""The test pipeline of BlazePose: cut the person out, and keep what a second look needs."""

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmpose.datasets.transforms import PackPoseInputs
from mmpose.registry import TRANSFORMS

from pipeline.networks.estimators.blazepose.crop import Crop
from pipeline.networks.estimators.blazepose.look import View
from pipeline.types import Frame


@TRANSFORMS.register_module()
class BlazePoseCrop(BaseTransform):
    """Cut out the turned square around a person.

    Required keys: ``frame`` (a :class:`pipeline.types.Frame`), or else ``img`` in BGR; ``bbox``
    (1, 4); ``keypoints_seed`` (1, 17, 2) and ``keypoint_scores_seed`` (1, 17) if there is a
    rough pose. Without one, the square is upright around the box. ``seed_carried`` says that
    the pose is only expected.

    Modified key: ``img``, in RGB. Added keys: ``view``, ``input_size``, ``input_center``,
    ``input_scale``.

    Args:
        size: side of the network's input, px.
        radius_factor: half the square's side over the distance from the hips to the
            farthest keypoint. With 1.1 the squares of a track that is seeded by its own
            poses shrink from frame to frame; with 1.25 they keep their size.
    """

    takes_frame = True

    def __init__(self, size: int = 256, radius_factor: float = 1.25):
        self.size, self.radius_factor = size, radius_factor

    def transform(self, results: dict) -> dict:
        frame = results['frame'] if 'frame' in results else Frame(0, 0.0, results['img'][..., ::-1])
        seed, scores = results.get('keypoints_seed'), results.get('keypoint_scores_seed')
        if seed is not None and np.isfinite(seed).all():
            crop = Crop.around_pose(seed[0], scores[0], self.radius_factor)
            view = View(frame, crop, seed[0], scores[0], bool(results.get('seed_carried', False)))
        else:
            view = View(frame, Crop.around_box(results['bbox'][0], self.radius_factor))
        side = 2 * view.crop.radius
        results.update(
            img=view.crop.cut(view.frame, self.size),
            view=view,
            input_size=(self.size, self.size),
            input_center=view.crop.centre,
            input_scale=np.array([side, side]),
        )
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(size={self.size}, radius_factor={self.radius_factor})'


@TRANSFORMS.register_module()
class PackBlazePoseInputs(PackPoseInputs):
    """MMPose's packing, with the :class:`View` in the data sample, and the picture as it is, ``(size, size, 3)``."""

    def transform(self, results: dict) -> dict:
        picture = torch.from_numpy(results['img'])
        # one pixel in its place: MMPose would copy all of them to (3, size, size)
        packed = super().transform({**results, 'img': results['img'][:1, :1]})
        packed['inputs'] = picture
        packed['data_samples'].set_field(results['view'], 'view')
        return packed
