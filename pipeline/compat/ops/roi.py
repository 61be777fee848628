"""Pooling of regions of feature maps. Features are ``(B, C, H, W)``, regions ``(R, 5)``: image, x1 y1 x2 y2."""
import torch
import torchvision

from pipeline.compat.ops.gradients import gradients

AVERAGE = 1  # mmcv's number of the way to pool


def roi_align_forward(input: torch.Tensor, rois: torch.Tensor, output: torch.Tensor, argmax_y: torch.Tensor,
                      argmax_x: torch.Tensor, aligned_height: int, aligned_width: int, spatial_scale: float,
                      sampling_ratio: int, pool_mode: int, aligned: bool) -> None:
    """RoIAlign (He et al. 2017, section 3) into ``output``, ``(R, C, aligned_height, aligned_width)``."""
    _check_average(pool_mode)
    output.copy_(torchvision.ops.roi_align(input, rois, (aligned_height, aligned_width), spatial_scale,
                                           sampling_ratio, aligned))


def roi_align_backward(grad_output: torch.Tensor, rois: torch.Tensor, argmax_y: torch.Tensor, argmax_x: torch.Tensor,
                       grad_input: torch.Tensor, aligned_height: int, aligned_width: int, spatial_scale: float,
                       sampling_ratio: int, pool_mode: int, aligned: bool) -> None:
    """Adds the gradient of the features to ``grad_input``."""
    _check_average(pool_mode)

    def pool(features):
        return torchvision.ops.roi_align(features, rois, (aligned_height, aligned_width), spatial_scale,
                                         sampling_ratio, aligned)

    # linear in the features, so that any of their shape will do
    grad_input += gradients(pool, [torch.zeros_like(grad_input)], grad_output)[0]


def roi_pool_forward(input: torch.Tensor, rois: torch.Tensor, output: torch.Tensor, argmax: torch.Tensor,
                     pooled_height: int, pooled_width: int, spatial_scale: float) -> None:
    """RoI max pooling (Girshick 2015, section 2.1) into ``output``; where each maximum lay into ``argmax``."""
    pooled, places = torch.ops.torchvision.roi_pool(input, rois, spatial_scale, pooled_height, pooled_width)
    output.copy_(pooled)
    argmax.copy_(places)


def roi_pool_backward(grad_output: torch.Tensor, rois: torch.Tensor, argmax: torch.Tensor, grad_input: torch.Tensor,
                      pooled_height: int, pooled_width: int, spatial_scale: float) -> None:
    """Adds the gradient of the features to ``grad_input``: each maximum hands its own back."""
    count, channels = grad_output.shape[:2]
    height, width = grad_input.shape[2:]
    image = rois[:, 0].long().view(count, 1, 1, 1)
    channel = torch.arange(channels, device=rois.device).view(1, channels, 1, 1)
    place = (image * channels + channel) * height * width + argmax.long()
    found = argmax >= 0  # empty bins have no maximum
    grad_input.view(-1).index_add_(0, place[found], grad_output[found])


def _check_average(pool_mode: int) -> None:
    if pool_mode != AVERAGE:
        raise NotImplementedError("RoIAlign with pool_mode='max' has no counterpart in torchvision; use 'avg', "
                                  'or install a compiled mmcv')
