"""Normalise coordinates for a network: fill in missing joints, set origin and unit.

Every normaliser has ``fit(keypoints, known, image_size) -> Scaling`` for the input
and ``fit_target(target, scaling, known) -> Scaling`` for what it is trained towards, NaN where it cannot be told.
"""

from dataclasses import dataclass
from typing import Optional, Sequence

import torch
from mmpose.registry import MODELS
from torch import Tensor

from pipeline.errors import InputError


def fill_missing(keypoints: Tensor, seen: Tensor) -> Tensor:
    """Interpolate every joint linearly over the frames in which it was not seen.

    Before the first and after the last sight of a joint its nearest position holds.
    A joint that is never seen gets zeros. Coordinates of unseen joints are not
    read, they may be NaN.

    Args:
        keypoints: ``(B, T, K, D)``.
        seen: ``(B, T, K)`` bool.

    Returns:
        ``(B, T, K, D)``, seen joints unchanged.
    """
    if bool(seen.all()):
        return keypoints
    frames = keypoints.shape[1]
    index = torch.arange(frames, device=keypoints.device)[:, None]  # (T, 1)
    before = torch.where(seen, index, -1).cummax(dim=1).values  # (B, T, K)
    after = torch.where(seen, index, frames).flip(1).cummin(dim=1).values.flip(1)
    before, after = torch.where(before < 0, after, before), torch.where(after == frames, before, after)
    known = seen.any(dim=1, keepdim=True)
    before, after = before.clamp(0, frames - 1), after.clamp(0, frames - 1)

    step = (index - before) / (after - before).clamp(min=1)
    start, end = _at(keypoints, before), _at(keypoints, after)
    return torch.where(known[..., None], start + step[..., None] * (end - start), 0.0)


def _at(keypoints: Tensor, frame: Tensor) -> Tensor:
    return keypoints.gather(1, frame[..., None].expand(-1, -1, -1, keypoints.shape[-1]))


@dataclass(frozen=True)
class Scaling:
    """``normalised = (keypoints - offset) / scale``; both broadcast to ``(B, T, K, D)``."""

    offset: Tensor
    scale: Tensor

    def apply(self, keypoints: Tensor) -> Tensor:
        return (keypoints - self.offset) / self.scale

    def invert(self, normalised: Tensor) -> Tensor:
        return normalised * self.scale + self.offset


@MODELS.register_module()
class FigureNormaliser:
    """Per window: the figure's median position is zero, a typical figure spans about -1..1.

    The unit is twice the mean distance of a frame's joints from their centre, taken
    as the median over the frames, so that single wild joints and frames hardly
    move it. Image size, place and distance of the person drop out.
    """

    def fit(self, keypoints: Tensor, known: Tensor, image_size: Optional[Tensor] = None) -> Scaling:
        """Read place and size off a window.

        Args:
            keypoints: ``(B, T, K, D)``, finite.
            known: ``(B, K)`` bool; other joints are left out.
            image_size: not used.
        """
        points = torch.where(known[:, None, :, None], keypoints, torch.nan)
        offset = points.flatten(1, 2).nanmedian(dim=1).values[:, None, None]  # (B, 1, 1, D)
        distance = (points - points.nanmean(dim=2, keepdim=True)).norm(dim=-1)  # (B, T, K)
        scale = 2 * distance.nanmean(dim=2).nanmedian(dim=1).values[:, None, None, None]
        usable = scale > 1e-6  # false for NaN too: nobody known, or one joint only
        return Scaling(offset.nan_to_num(), torch.where(usable, scale, 1.0))

    def fit_target(self, target: Tensor, scaling: Scaling, known: Tensor) -> Scaling:
        return scaling


@MODELS.register_module()
class ImageNormaliser:
    """The published 2D protocol: px divided by the image's width and height."""

    def fit(self, keypoints: Tensor, known: Tensor, image_size: Optional[Tensor] = None) -> Scaling:
        """``image_size``: ``(B, 2)`` px, width and height.

        Raises:
            InputError: without an image size.
        """
        if image_size is None:
            raise InputError('image_size: width and height are needed for coordinates relative to the image')
        return Scaling(keypoints.new_zeros(()), image_size[:, None, None].to(keypoints))

    def fit_target(self, target: Tensor, scaling: Scaling, known: Tensor) -> Scaling:
        return scaling


@MODELS.register_module()
class RootNormaliser:
    """The published 3D protocol: relative to each frame's root, times a fixed unit.

    Input and target are each relative to their own root; answers are put back at
    the input's root. Of several root joints those are taken that are known. An input without any has its root
    in the middle of its joints; a target's frame without any cannot be told.

    Args:
        root: joints whose mean is the root.
        unit: length in input units that becomes 1 (1000 for mm as metres).
    """

    def __init__(self, root: Sequence[int] = (0,), unit: float = 1.0):
        self.root, self.unit = list(root), unit

    def fit(self, keypoints: Tensor, known: Tensor, image_size: Optional[Tensor] = None) -> Scaling:
        rooted = known[:, self.root]  # (B, R)
        middle = _mean_of_known(keypoints, known[:, None])
        root = _mean_of_known(keypoints[:, :, self.root], rooted[:, None])
        root = torch.where(rooted.any(dim=1)[:, None, None, None], root, middle.nan_to_num())
        return Scaling(root, keypoints.new_tensor(self.unit))

    def fit_target(self, target: Tensor, scaling: Scaling, known: Tensor) -> Scaling:
        root = _mean_of_known(target[:, :, self.root], known[:, :, self.root])
        return Scaling(root, target.new_tensor(self.unit))


def _mean_of_known(keypoints: Tensor, known: Tensor) -> Tensor:
    """``(B, T, K, D)`` and ``(B, T, K)`` -> ``(B, T, 1, D)``, NaN where no joint is known."""
    return torch.where(known[..., None], keypoints, torch.nan).nanmean(dim=2, keepdim=True)


@MODELS.register_module()
class FixedNormaliser:
    """Coordinates divided by a constant, nothing else (6D rotations, data normalised elsewhere)."""

    def __init__(self, unit: float = 1.0):
        self.unit = unit

    def fit(self, keypoints: Tensor, known: Tensor, image_size: Optional[Tensor] = None) -> Scaling:
        return Scaling(keypoints.new_zeros(()), keypoints.new_tensor(self.unit))

    def fit_target(self, target: Tensor, scaling: Scaling, known: Tensor) -> Scaling:
        return scaling
