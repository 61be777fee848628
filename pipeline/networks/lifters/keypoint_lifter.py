"""From 2D keypoints to 3D, one frame at a time: SimpleBaseline3D, which the refiner's paper calls FCN.

Martinez et al., "A simple yet effective baseline for 3d human pose estimation", ICCV
2017. The network is MMPose's ``TCN`` with kernels of one frame, as MMPose's own
configs build it. Legend: ``N`` frames, ``K`` joints in 2D, ``J`` joints in 3D.
"""

from typing import Any, Dict, List, Optional, Union

import numpy as np
import torch
from mmengine.model import BaseModel
from mmpose.registry import MODELS
from torch import Tensor, nn

from pipeline.errors import InputError


@MODELS.register_module()
class KeypointLifter(BaseModel):
    """Residual fully connected network on standardised pixels.

    Args:
        num_keypoints: ``K``.
        num_joints: ``J``; joint 0 is the root, which answers are relative to.
        width: of the hidden layers.
        num_blocks: residual blocks of two layers.
        dropout: probability, used in training.
        unit: length that the network sees as 1 (1000 for mm as metres).
        keypoint_names: ``K`` names, so that a file knows its joints.
        data_preprocessor, init_cfg: as in MMEngine.

    Raises:
        InputError: if names and joints differ in number.
    """

    def __init__(
        self,
        num_keypoints: int,
        num_joints: int,
        width: int = 1024,
        num_blocks: int = 2,
        dropout: float = 0.25,
        unit: float = 1000.0,
        keypoint_names=(),
        data_preprocessor: Optional[dict] = None,
        init_cfg=None,
    ):
        super().__init__(data_preprocessor, init_cfg)
        if keypoint_names and len(keypoint_names) != num_keypoints:
            raise InputError(f'keypoint_names: {len(keypoint_names)} names for {num_keypoints} joints')
        self.num_keypoints, self.num_joints, self.unit = num_keypoints, num_joints, unit
        self.keypoint_names = tuple(keypoint_names)
        # mean and deviation over all training batches: standardisation without a pass over the data
        self.standardise = nn.BatchNorm1d(2 * num_keypoints, affine=False, momentum=None)
        self.backbone = MODELS.build(
            dict(
                type='TCN',
                in_channels=2 * num_keypoints,
                stem_channels=width,
                num_blocks=num_blocks,
                kernel_sizes=(1,) * (num_blocks + 1),
                dropout=dropout,
            )
        )
        self.head = nn.Conv1d(width, 3 * num_joints, kernel_size=1)

    def forward(
        self, inputs: Dict[str, Tensor], data_samples: Optional[Dict[str, Any]] = None, mode: str = 'tensor'
    ) -> Union[Tensor, Dict[str, Tensor], List[dict]]:
        """What MMEngine's Runner calls.

        Args:
            inputs: ``keypoints`` ``(N, K, 2)`` px.
            data_samples: ``target`` ``(N, J, 3)`` in the length unit of the data, relative to the root.
            mode: 'tensor' gives ``(N, J, 3)``, 'loss' the mean distance of the joints, in ``unit``, 'predict' a list of
                one dictionary: all of ``data_samples`` and ``pred_keypoints`` ``(N, J, 3)``, the root at zero.

        Raises:
            InputError: if the shape does not fit.
            ValueError: for another mode.
        """
        lifted = self._lift(inputs['keypoints'])
        if mode == 'tensor':
            return lifted * self.unit
        if mode == 'loss':
            # in half precision a target of 1 m would be off by half a mm before it is compared
            target = data_samples['target'].to(lifted.device, torch.float32)
            distance = (lifted.float() - target / self.unit).norm(dim=-1)
            return {'loss_mpjpe': distance.mean()}
        if mode == 'predict':
            joints = lifted * self.unit
            return [dict(data_samples or {}, pred_keypoints=joints - joints[:, :1])]
        raise ValueError(f"mode {mode!r}: allowed are 'tensor', 'loss' and 'predict'")

    def lift(self, keypoints: np.ndarray, batch_size: int = 8192) -> np.ndarray:
        """``(N, K, 2)`` px to ``(N, J, 3)`` float32, the root at zero; as in evaluation.

        Raises:
            InputError: if the shape does not fit, or a coordinate is no number.
        """
        if not np.isfinite(keypoints).all():
            raise InputError('keypoints: a coordinate is not a number; the lifter needs every joint of every frame')
        self.eval()
        device = self.head.weight.device
        with torch.no_grad():
            parts = [
                self({'keypoints': torch.from_numpy(np.ascontiguousarray(keypoints[i : i + batch_size])).to(device)})
                for i in range(0, len(keypoints), batch_size)
            ]
        joints = torch.cat(parts).cpu().numpy()
        return joints - joints[:, :1]

    def _lift(self, keypoints: Tensor) -> Tensor:
        if keypoints.dim() != 3 or keypoints.shape[1:] != (self.num_keypoints, 2):
            raise InputError(
                f'keypoints of shape {tuple(keypoints.shape)}: this lifter takes (N, {self.num_keypoints}, 2)'
            )
        # kernels see one frame, so frames may stand side by side as time steps of one sequence
        x = self.standardise(keypoints.float().flatten(1)).T[None]
        return self.head(self.backbone(x)[-1])[0].T.unflatten(1, (self.num_joints, 3))
