"""Missing joints, filled in over time so that a network sees a whole pose in every frame."""

import torch
from torch import Tensor


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
