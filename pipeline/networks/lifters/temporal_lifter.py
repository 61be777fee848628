"""From 2D tracks to 3D, about a second of motion at a time, for any lens.

A dilated temporal convolution as in Pavllo et al., "3D human pose estimation in video with temporal convolutions and
semi-supervised training" (VideoPose3D), CVPR 2019, section 3, on viewing rays instead of pixels: each pose is seen by
a camera that has been turned to the person's trunk (Yu et al., "PCLs: Geometry-aware neural reconstruction of 3D pose
with perspective crop layers", CVPR 2021), at one size. What is left of place and lens is the size, which says how
strong the perspective is; it is an input. Legend: ``B`` tracks, ``T`` frames, ``K`` keypoints in
2D, ``J`` joints in 3D.
"""

from contextlib import nullcontext
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np
import torch
from mmengine.model import BaseModel
from mmpose.registry import MODELS
from torch import Tensor, nn
from torch.nn import functional as F

from pipeline.errors import InputError

_MM = 1000.0  # in a metre; metrics are told in mm


@MODELS.register_module()
class TemporalLifter(BaseModel):
    """Residual dilated convolution over rays and scores.

    Args:
        num_keypoints, num_joints: ``K`` and ``J``.
        trunk: keypoints that the camera is turned to, such as hips and shoulders.
        root: joints whose mean is the origin of answers.
        flip, joint_flip: mirror keypoints ``(K,)`` and joints ``(J,)``.
        width: of the hidden layers.
        dilations: of the residual blocks; the stem's is 1. With ``(3, 9)`` an answer sees 27 frames.
        dropout: probability, used in training; a channel is dropped for a whole window.
        rate: frames per second that the network was trained at.
        velocity_weight: of the error of the joints' steps from frame to frame, in the loss.
        bones: pairs (joint, joint it hangs on) whose difference the loss looks at too: what angles are made of.
        bone_weight: of the error of these differences, in the loss.
        direction: also tell the network where the trunk is seen, ``(x / z, y / z)``. Where cameras hang at one height,
            as in a studio, this says from how far above somebody is seen; of any camera it says nothing.
        fast_training: run the loss in bfloat16 on CPUs that have it, half the time.
        keypoint_names, joint_names: so that a file knows its joints.
        data_preprocessor, init_cfg: as in MMEngine.

    Raises:
        InputError: if names, mirror joints and numbers do not agree.
    """

    def __init__(
        self,
        num_keypoints: int,
        num_joints: int,
        trunk: Sequence[int],
        root: Sequence[int],
        flip: Sequence[int],
        joint_flip: Sequence[int],
        width: int = 384,
        dilations: Sequence[int] = (3, 9),
        dropout: float = 0.1,
        rate: float = 25.0,
        velocity_weight: float = 1.0,
        bones: Sequence[Tuple[int, int]] = (),
        bone_weight: float = 0.5,
        direction: bool = False,
        fast_training: bool = False,
        keypoint_names: Sequence[str] = (),
        joint_names: Sequence[str] = (),
        data_preprocessor: Optional[dict] = None,
        init_cfg=None,
    ):
        super().__init__(data_preprocessor, init_cfg)
        for name, values, count in (
            ('keypoint_names', keypoint_names, num_keypoints),
            ('joint_names', joint_names, num_joints),
            ('flip', flip, num_keypoints),
            ('joint_flip', joint_flip, num_joints),
        ):
            if len(values) not in ((0, count) if name.endswith('names') else (count,)):
                raise InputError(f'{name}: {len(values)} entries for {count} joints')
        self.num_keypoints, self.num_joints = num_keypoints, num_joints
        self.trunk, self.root, self.flip, self.joint_flip = list(trunk), list(root), list(flip), list(joint_flip)
        self.rate, self.velocity_weight, self.fast_training = rate, velocity_weight, fast_training
        self.bones, self.bone_weight, self.direction = [list(pair) for pair in bones], bone_weight, direction
        self.keypoint_names, self.joint_names = tuple(keypoint_names), tuple(joint_names)
        self.span = 1 + 2 * (1 + sum(dilations))
        self.stem = _Convolution(3 * num_keypoints + (3 if direction else 1), width, 1)
        self.blocks = nn.ModuleList(_Block(width, dilation, dropout) for dilation in dilations)
        self.head = nn.Linear(width, 3 * num_joints)
        # near zero at first: a figure of no size, not one of random size
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)

    def forward(
        self, inputs: Dict[str, Tensor], data_samples: Optional[Dict[str, Any]] = None, mode: str = 'tensor'
    ) -> Union[Tensor, Dict[str, Tensor], List[dict]]:
        """What MMEngine's Runner calls.

        Args:
            inputs: ``rays`` ``(B, T, K, 2)``, x / z and y / z of the directions in which the keypoints are seen, and
                ``scores`` ``(B, T, K)`` in 0..1; at :attr:`rate` frames per second.
            data_samples: ``target`` ``(B, T, J, 3)`` m in the camera's frame (x right, y down, z ahead), relative to
                the root, and ``target_weight`` ``(B, T, J)``.
            mode: 'tensor' gives ``(B, T, J, 3)`` m in the camera's frame relative to the root, 'loss' the mean distance
                of joints and of their steps, 'predict' a dictionary a track for ``LiftingMetric``: ``pred_keypoints``
                and ``target`` ``(T, J, 3)`` in mm, ``fps``.

        Raises:
            InputError: if the shape does not fit.
            ValueError: for another mode.
        """
        rays, scores = inputs['rays'].float(), inputs['scores'].float()
        if rays.dim() != 4 or rays.shape[2:] != (self.num_keypoints, 2):
            raise InputError(f'rays of shape {tuple(rays.shape)}: this lifter takes (B, T, {self.num_keypoints}, 2)')
        seen, turn = turned_to_trunk(rays, scores, self.trunk)
        features = self._features(seen, scores, turn)
        if mode == 'tensor':
            return self._answer(features) @ turn  # rows: the inverse of turn.mT
        if mode == 'loss':
            target = data_samples['target'].to(rays.device, torch.float32) @ turn.mT
            weight = data_samples['target_weight'].to(rays.device, torch.float32)
            return self._loss(features, target, weight)
        if mode == 'predict':
            truths = data_samples['target'].to(rays.device) * _MM
            pairs = zip(self.forward(inputs) * _MM, truths)
            return [dict(pred_keypoints=poses, target=truth, fps=self.rate) for poses, truth in pairs]
        raise ValueError(f"mode {mode!r}: allowed are 'tensor', 'loss' and 'predict'")

    def lift(self, rays: np.ndarray, scores: np.ndarray, mirrored: bool = True) -> np.ndarray:
        """Lift one track at the network's own rate, as in use.

        Args:
            rays: ``(T, K, 2)``.
            scores: ``(T, K)``.
            mirrored: average with the answer for the mirrored track.

        Returns:
            ``(T, J, 3)`` float32, m, in the camera's frame, relative to the root.

        Raises:
            InputError: if the shape does not fit, or a coordinate is no number.
        """
        if not (np.isfinite(rays).all() and np.isfinite(scores).all()):
            raise InputError('rays: a coordinate is not a number; the lifter needs every keypoint of every frame')
        if not len(rays):
            return np.zeros((0, self.num_joints, 3), np.float32)
        self.eval()
        device = self.head.weight.device
        ray_tensor, score_tensor = (torch.from_numpy(array[None]).to(device) for array in (rays, scores))
        with torch.inference_mode():
            if mirrored:
                return self.lift_both_ways(ray_tensor, score_tensor)[0].cpu().numpy()
            return self(dict(rays=ray_tensor, scores=score_tensor))[0].cpu().numpy()

    def lift_both_ways(self, rays: Tensor, scores: Tensor) -> Tensor:
        """The mean of the answers for tracks and for their mirror images, as :meth:`lift` gives it.

        Args:
            rays: ``(B, T, K, 2)``.
            scores: ``(B, T, K)``.

        Returns:
            ``(B, T, J, 3)`` m, in the camera's frame, relative to the root.
        """
        image = rays[:, :, self.flip] * rays.new_tensor([-1, 1])
        both = dict(rays=torch.cat([rays, image]), scores=torch.cat([scores, scores[:, :, self.flip]]))
        straight, mirrored = self(both).chunk(2)
        return (straight + mirrored[:, :, self.joint_flip] * straight.new_tensor([-1, 1, 1])) / 2

    def _features(self, seen: Tensor, scores: Tensor, turn: Tensor) -> Tensor:
        """``(B, T, 3 K + 1)``: keypoints at one size, their scores, the logarithm of the size; then the direction."""
        weight = scores.clamp(min=0.05)
        size = ((seen.square().sum(-1) * weight).sum(-1) / weight.sum(-1)).sqrt().clamp(min=1e-4)
        size = moving_mean(size.log(), self.span)[..., None]
        shape = (seen / size.exp()[..., None]).clamp(-5, 5)
        # 0.2 rad is a figure at 3 m
        features = [shape.flatten(2), scores, size - np.log(0.2)]
        if self.direction:
            axis = turn[:, :, 2]  # of the turned camera, in the camera's frame
            features.append(axis[..., :2] / axis[..., 2:])
        return torch.cat(features, dim=-1)

    def _answer(self, features: Tensor) -> Tensor:
        x = F.gelu(self.stem(features))
        for block in self.blocks:
            x = block(x)
        joints = self.head(x).float().unflatten(-1, (self.num_joints, 3))
        return joints - joints[:, :, self.root].mean(2, keepdim=True)

    def _loss(self, features: Tensor, target: Tensor, weight: Tensor) -> Dict[str, Tensor]:
        fast = self.fast_training and features.device.type == 'cpu' and _multiplies_bfloat16()
        with torch.autocast('cpu', torch.bfloat16) if fast else nullcontext():
            answer = self._answer(features)
        total = weight.sum().clamp(min=1)
        off = answer - target
        losses = dict(loss_mpjpe=(off.norm(dim=-1) * weight).sum() / total)
        step, both = off[:, 1:] - off[:, :-1], torch.minimum(weight[:, 1:], weight[:, :-1])
        losses['loss_velocity'] = self.velocity_weight * (step.norm(dim=-1) * both).sum() / total
        if self.bones:
            ends, starts = zip(*self.bones)
            bone, both = off[:, :, ends] - off[:, :, starts], torch.minimum(weight[:, :, ends], weight[:, :, starts])
            losses['loss_bones'] = self.bone_weight * (bone.norm(dim=-1) * both).sum() / both.sum().clamp(min=1)
        return losses


class _Convolution(nn.Module):
    """Three taps over time, ends held; as one matrix product, frames before channels."""

    def __init__(self, inputs: int, outputs: int, dilation: int):
        super().__init__()
        self.dilation, self.linear = dilation, nn.Linear(3 * inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, T, inputs)`` to ``(B, T, outputs)``."""
        frames, ends = x.shape[1], self.dilation
        held = torch.cat([x[:, :1].expand(-1, ends, -1), x, x[:, -1:].expand(-1, ends, -1)], dim=1)
        taps = [held[:, shift : shift + frames] for shift in (0, ends, 2 * ends)]
        return self.linear(torch.cat(taps, dim=-1))


class _Block(nn.Module):
    """A dilated convolution and a layer of single frames, added to what they were given."""

    def __init__(self, width: int, dilation: int, dropout: float):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.over_time, self.of_frame = _Convolution(width, width, dilation), nn.Linear(width, width)
        self.dropout = nn.Dropout1d(dropout)

    def forward(self, x: Tensor) -> Tensor:
        y = self._drop(F.gelu(self.over_time(self.norm(x))))
        return x + self._drop(F.gelu(self.of_frame(y)))

    def _drop(self, x: Tensor) -> Tensor:
        # drawing a number for every frame would take a fifth of the training's time
        return self.dropout(x.mT).mT


def _multiplies_bfloat16() -> bool:
    """Whether this CPU does; others compute it in float32, ten times slower than float32 itself."""
    known = (getattr(torch.cpu, f'_is_{unit}_supported', None) for unit in ('avx512_bf16', 'amx_tile'))
    return any(supported() for supported in known if supported)


def turned_to_trunk(rays: Tensor, scores: Tensor, trunk: Sequence[int]) -> Tuple[Tensor, Tensor]:
    """See each pose with a camera turned to the trunk: first about the vertical, then up or down, never rolled.

    Args:
        rays: ``(B, T, K, 2)``.
        scores: ``(B, T, K)``.
        trunk: keypoints whose mean ray, weighted by score, becomes the optical axis.

    Returns:
        rays: ``(B, T, K, 2)`` of the turned camera.
        turn: ``(B, T, 3, 3)``, from the camera's frame to that of the turned one.
    """
    weight = scores[:, :, trunk].clamp(min=0.05)[..., None]
    x, y = ((rays[:, :, trunk] * weight).sum(2) / weight.sum(2)).unbind(-1)
    level = (1 + x * x).sqrt()
    far = (1 + x * x + y * y).sqrt()
    cos_yaw, sin_yaw, cos_pitch, sin_pitch = 1 / level, x / level, level / far, y / far
    zero = torch.zeros_like(x)
    rows = (
        (cos_yaw, zero, -sin_yaw),
        (-sin_pitch * sin_yaw, cos_pitch, -sin_pitch * cos_yaw),
        (cos_pitch * sin_yaw, sin_pitch, cos_pitch * cos_yaw),
    )
    turn = torch.stack([torch.stack(row, -1) for row in rows], -2)
    turned = torch.cat([rays, torch.ones_like(rays[..., :1])], -1) @ turn.mT
    return turned[..., :2] / turned[..., 2:].clamp(min=0.1), turn


def moving_mean(values: Tensor, span: int) -> Tensor:
    """Mean of ``(B, T)`` over ``span`` (odd) frames around each, ends held."""
    half = span // 2
    held = F.pad(values[:, None], (half, half), mode='replicate')
    return F.avg_pool1d(held, span, stride=1)[:, 0]
