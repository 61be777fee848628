"""mmcv's compiled ops on top of torchvision, by the names under which ``mmcv.ops`` calls them.

Most of them write their result into a tensor that the caller hands in; arguments
keep mmcv's names, because some are passed by keyword.
"""

from typing import Callable, List, Sequence

import torch
import torchvision

# Backward passes of ops whose forward pass torch can differentiate.


def gradients(
    function: Callable[..., torch.Tensor], inputs: Sequence[torch.Tensor], grad_output: torch.Tensor
) -> List[torch.Tensor]:
    """Gradients of ``function(*inputs)`` with respect to every input, given that of its output.

    The forward pass is run once more: mmcv's backward ops are handed no autograd graph.
    """
    with torch.enable_grad():
        inputs = [value.detach().requires_grad_() for value in inputs]
        return list(torch.autograd.grad(function(*inputs), inputs, grad_output))


# Suppression of overlapping boxes. Boxes are ``(N, 4)``, x1 y1 x2 y2; scores ``(N,)``.

NAIVE, LINEAR, GAUSSIAN = range(3)  # mmcv's numbers of the ways to lower a score


def nms(bboxes: torch.Tensor, scores: torch.Tensor, iou_threshold: float, offset: int = 0) -> torch.Tensor:
    """Indices of kept boxes, best first.

    Args:
        iou_threshold: a box goes if it overlaps a better one by more than this.
        offset: 1 if widths count both border pixels, else 0.
    """
    return torchvision.ops.nms(_with_border(bboxes, offset), scores, iou_threshold)


def softnms(
    boxes: torch.Tensor,
    scores: torch.Tensor,
    dets: torch.Tensor,
    iou_threshold: float,
    sigma: float,
    min_score: float,
    method: int,
    offset: int,
) -> torch.Tensor:
    """Soft-NMS (Bodla et al. 2017, figure 2): overlapping boxes lose score instead of their place.

    Args:
        dets: ``(N, 5)``, of which the first rows receive the kept boxes and their new scores.
        iou_threshold: overlap from which on a score is lowered (not for Gaussian).
        sigma: width of the Gaussian.
        min_score: boxes that fall below are dropped.
        method: 0 drops, 1 lowers by 1 - IoU, 2 by exp(-IoU²/sigma).

    Returns:
        Indices of the kept boxes in the order of ``dets``.
    """
    scores, boxes_for_iou = scores.clone(), _with_border(boxes, offset)
    remaining, kept = torch.arange(len(boxes)), []
    while len(remaining):
        best = remaining[scores[remaining].argmax()]
        dets[len(kept), :4], dets[len(kept), 4] = boxes[best], scores[best]
        kept.append(int(best))
        remaining = remaining[remaining != best]
        iou = torchvision.ops.box_iou(boxes_for_iou[best, None], boxes_for_iou[remaining])[0]
        scores[remaining] *= _remaining_share(iou, iou_threshold, sigma, method)
        remaining = remaining[scores[remaining] >= min_score]
    return torch.tensor(kept, dtype=torch.long)


def nms_match(dets: torch.Tensor, iou_threshold: float) -> List[List[int]]:
    """Groups of overlapping boxes, each led by the best one.

    Args:
        dets: ``(N, 5)``, boxes and scores.
        iou_threshold: a box joins the first leader that it overlaps by at least this.
    """
    order = dets[:, 4].sort(descending=True).indices
    groups = []
    while len(order):
        iou = torchvision.ops.box_iou(dets[order[:1], :4], dets[order[1:], :4])[0]
        groups.append([int(order[0]), *order[1:][iou >= iou_threshold].tolist()])
        order = order[1:][~(iou >= iou_threshold)]
    return groups


def _remaining_share(iou: torch.Tensor, iou_threshold: float, sigma: float, method: int) -> torch.Tensor:
    if method == GAUSSIAN:
        return torch.exp(-(iou**2) / sigma)
    lowered = torch.zeros_like(iou) if method == NAIVE else 1 - iou
    return torch.where(iou >= iou_threshold, lowered, torch.ones_like(iou))


def _with_border(boxes: torch.Tensor, offset: int) -> torch.Tensor:
    return torch.cat([boxes[:, :2], boxes[:, 2:] + offset], dim=1) if offset else boxes


# Pooling of regions of feature maps. Features are ``(B, C, H, W)``, regions ``(R, 5)``: image, x1 y1 x2 y2.

AVERAGE = 1  # mmcv's number of the way to pool


def roi_align_forward(
    input: torch.Tensor,
    rois: torch.Tensor,
    output: torch.Tensor,
    argmax_y: torch.Tensor,
    argmax_x: torch.Tensor,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    """RoIAlign (He et al. 2017, section 3) into ``output``, ``(R, C, aligned_height, aligned_width)``."""
    _check_average(pool_mode)
    output.copy_(
        torchvision.ops.roi_align(input, rois, (aligned_height, aligned_width), spatial_scale, sampling_ratio, aligned)
    )


def roi_align_backward(
    grad_output: torch.Tensor,
    rois: torch.Tensor,
    argmax_y: torch.Tensor,
    argmax_x: torch.Tensor,
    grad_input: torch.Tensor,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    """Adds the gradient of the features to ``grad_input``."""
    _check_average(pool_mode)

    def pool(features):
        return torchvision.ops.roi_align(
            features, rois, (aligned_height, aligned_width), spatial_scale, sampling_ratio, aligned
        )

    # linear in the features, so that any of their shape will do
    grad_input += gradients(pool, [torch.zeros_like(grad_input)], grad_output)[0]


def roi_pool_forward(
    input: torch.Tensor,
    rois: torch.Tensor,
    output: torch.Tensor,
    argmax: torch.Tensor,
    pooled_height: int,
    pooled_width: int,
    spatial_scale: float,
) -> None:
    """RoI max pooling (Girshick 2015, section 2.1) into ``output``; where each maximum lay into ``argmax``."""
    pooled, places = torch.ops.torchvision.roi_pool(input, rois, spatial_scale, pooled_height, pooled_width)
    output.copy_(pooled)
    argmax.copy_(places)


def roi_pool_backward(
    grad_output: torch.Tensor,
    rois: torch.Tensor,
    argmax: torch.Tensor,
    grad_input: torch.Tensor,
    pooled_height: int,
    pooled_width: int,
    spatial_scale: float,
) -> None:
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
        raise NotImplementedError(
            "RoIAlign with pool_mode='max' has no counterpart in torchvision; use 'avg', or install a compiled mmcv"
        )


# Deformable convolutions.
#
# Shapes: input ``(B, C, H, W)``, weight ``(C', C / groups, kh, kw)``, output ``(B, C', H', W')``,
# offset ``(B, 2 G kh kw, H', W')`` with G deformable groups and (y, x) pairs in px, mask
# ``(B, G kh kw, H', W')``. The channel order is the same in mmcv and torchvision. ``columns`` and
# ``ones`` are buffers of the compiled ops and stay unused.


def deform_conv_forward(
    input,
    weight,
    offset,
    output,
    columns,
    ones,
    kW,
    kH,
    dW,
    dH,
    padW,
    padH,
    dilationW,
    dilationH,
    group,
    deformable_group,
    im2col_step,
) -> None:
    """Deformable convolution (Dai et al. 2017, equation 2) into ``output``."""
    output.copy_(
        torchvision.ops.deform_conv2d(input, offset, weight, None, (dH, dW), (padH, padW), (dilationH, dilationW))
    )


def deform_conv_backward_input(
    input,
    offset,
    gradOutput,
    gradInput,
    gradOffset,
    weight,
    columns,
    kW,
    kH,
    dW,
    dH,
    padW,
    padH,
    dilationW,
    dilationH,
    group,
    deformable_group,
    im2col_step,
) -> None:
    """Adds the gradients of input and offset to ``gradInput`` and ``gradOffset``."""

    def convolve(x, shift):
        return torchvision.ops.deform_conv2d(x, shift, weight, None, (dH, dW), (padH, padW), (dilationH, dilationW))

    for total, gradient in zip((gradInput, gradOffset), gradients(convolve, [input, offset], gradOutput)):
        total += gradient


def deform_conv_backward_parameters(
    input,
    offset,
    gradOutput,
    gradWeight,
    columns,
    ones,
    kW,
    kH,
    dW,
    dH,
    padW,
    padH,
    dilationW,
    dilationH,
    group,
    deformable_group,
    scale,
    im2col_step,
) -> None:
    """Adds ``scale`` times the gradient of the weight to ``gradWeight``."""

    def convolve(weight):
        return torchvision.ops.deform_conv2d(
            input, offset, weight, None, (dH, dW), (padH, padW), (dilationH, dilationW)
        )

    # linear in the weight, so that any of its shape will do
    gradWeight += scale * gradients(convolve, [torch.zeros_like(gradWeight)], gradOutput)[0]


def modulated_deform_conv_forward(
    input,
    weight,
    bias,
    ones,
    offset,
    mask,
    output,
    columns,
    kernel_h,
    kernel_w,
    stride_h,
    stride_w,
    pad_h,
    pad_w,
    dilation_h,
    dilation_w,
    group,
    deformable_group,
    with_bias,
) -> None:
    """Modulated deformable convolution (Zhu et al. 2019, equation 1) into ``output``."""
    output.copy_(
        torchvision.ops.deform_conv2d(
            input,
            offset,
            weight,
            bias if with_bias else None,
            (stride_h, stride_w),
            (pad_h, pad_w),
            (dilation_h, dilation_w),
            mask,
        )
    )


def modulated_deform_conv_backward(
    input,
    weight,
    bias,
    ones,
    offset,
    mask,
    columns,
    grad_input,
    grad_weight,
    grad_bias,
    grad_offset,
    grad_mask,
    grad_output,
    kernel_h,
    kernel_w,
    stride_h,
    stride_w,
    pad_h,
    pad_w,
    dilation_h,
    dilation_w,
    group,
    deformable_group,
    with_bias,
) -> None:
    """Adds the gradients of every input to its ``grad_…`` tensor."""

    def convolve(x, kernel, shift, share):
        return torchvision.ops.deform_conv2d(
            x, shift, kernel, None, (stride_h, stride_w), (pad_h, pad_w), (dilation_h, dilation_w), share
        )

    found = gradients(convolve, [input, weight, offset, mask], grad_output)
    for total, gradient in zip((grad_input, grad_weight, grad_offset, grad_mask), found):
        total += gradient
    if with_bias:
        grad_bias += grad_output.sum(dim=(0, 2, 3))


# Multi-scale deformable attention, of which mmcv itself has a version in plain torch (for CPUs).


def ms_deform_attn_forward(
    value: torch.Tensor,
    value_spatial_shapes: torch.Tensor,
    value_level_start_index: torch.Tensor,
    sampling_locations: torch.Tensor,
    attention_weights: torch.Tensor,
    im2col_step: int,
) -> torch.Tensor:
    """Deformable attention (Zhu et al. 2021, equation 3), ``(B, queries, channels)``."""
    from mmcv.ops.multi_scale_deform_attn import multi_scale_deformable_attn_pytorch

    return multi_scale_deformable_attn_pytorch(value, value_spatial_shapes, sampling_locations, attention_weights)


def ms_deform_attn_backward(
    value: torch.Tensor,
    value_spatial_shapes: torch.Tensor,
    value_level_start_index: torch.Tensor,
    sampling_locations: torch.Tensor,
    attention_weights: torch.Tensor,
    grad_output: torch.Tensor,
    grad_value: torch.Tensor,
    grad_sampling_loc: torch.Tensor,
    grad_attn_weight: torch.Tensor,
    im2col_step: int,
) -> None:
    """Adds the gradients of values, places and weights to the ``grad_…`` tensors."""

    def attend(values, places, weights):
        return ms_deform_attn_forward(
            values, value_spatial_shapes, value_level_start_index, places, weights, im2col_step
        )

    found = gradients(attend, [value, sampling_locations, attention_weights], grad_output)
    for total, gradient in zip((grad_value, grad_sampling_loc, grad_attn_weight), found):
        total += gradient


# mmcv's compiled ops on top of torchvision, by the names under which ``mmcv.ops`` calls them.
#
# Most of them write their result into a tensor that the caller hands in; arguments
# keep mmcv's names, because some are passed by keyword.

OPS = {
    op.__name__: op
    for op in (
        nms,
        softnms,
        nms_match,
        roi_align_forward,
        roi_align_backward,
        roi_pool_forward,
        roi_pool_backward,
        deform_conv_forward,
        deform_conv_backward_input,
        deform_conv_backward_parameters,
        modulated_deform_conv_forward,
        modulated_deform_conv_backward,
        ms_deform_attn_forward,
        ms_deform_attn_backward,
    )
}
