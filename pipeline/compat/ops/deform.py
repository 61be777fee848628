"""Deformable convolutions.

Shapes: input ``(B, C, H, W)``, weight ``(C', C / groups, kh, kw)``, output ``(B, C', H', W')``,
offset ``(B, 2 G kh kw, H', W')`` with G deformable groups and (y, x) pairs in px, mask
``(B, G kh kw, H', W')``. The channel order is the same in mmcv and torchvision. ``columns`` and
``ones`` are buffers of the compiled ops and stay unused.
"""
import torch
import torchvision

from pipeline.compat.ops.gradients import gradients


def deform_conv_forward(input, weight, offset, output, columns, ones, kW, kH, dW, dH, padW, padH, dilationW, dilationH,
                        group, deformable_group, im2col_step) -> None:
    """Deformable convolution (Dai et al. 2017, equation 2) into ``output``."""
    output.copy_(torchvision.ops.deform_conv2d(input, offset, weight, None, (dH, dW), (padH, padW),
                                               (dilationH, dilationW)))


def deform_conv_backward_input(input, offset, gradOutput, gradInput, gradOffset, weight, columns, kW, kH, dW, dH, padW,
                               padH, dilationW, dilationH, group, deformable_group, im2col_step) -> None:
    """Adds the gradients of input and offset to ``gradInput`` and ``gradOffset``."""

    def convolve(x, shift):
        return torchvision.ops.deform_conv2d(x, shift, weight, None, (dH, dW), (padH, padW), (dilationH, dilationW))

    for total, gradient in zip((gradInput, gradOffset), gradients(convolve, [input, offset], gradOutput)):
        total += gradient


def deform_conv_backward_parameters(input, offset, gradOutput, gradWeight, columns, ones, kW, kH, dW, dH, padW, padH,
                                    dilationW, dilationH, group, deformable_group, scale, im2col_step) -> None:
    """Adds ``scale`` times the gradient of the weight to ``gradWeight``."""

    def convolve(weight):
        return torchvision.ops.deform_conv2d(input, offset, weight, None, (dH, dW), (padH, padW),
                                             (dilationH, dilationW))

    # linear in the weight, so that any of its shape will do
    gradWeight += scale * gradients(convolve, [torch.zeros_like(gradWeight)], gradOutput)[0]


def modulated_deform_conv_forward(input, weight, bias, ones, offset, mask, output, columns, kernel_h, kernel_w,
                                  stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w, group, deformable_group,
                                  with_bias) -> None:
    """Modulated deformable convolution (Zhu et al. 2019, equation 1) into ``output``."""
    output.copy_(torchvision.ops.deform_conv2d(input, offset, weight, bias if with_bias else None,
                                               (stride_h, stride_w), (pad_h, pad_w), (dilation_h, dilation_w), mask))


def modulated_deform_conv_backward(input, weight, bias, ones, offset, mask, columns, grad_input, grad_weight, grad_bias,
                                   grad_offset, grad_mask, grad_output, kernel_h, kernel_w, stride_h, stride_w, pad_h,
                                   pad_w, dilation_h, dilation_w, group, deformable_group, with_bias) -> None:
    """Adds the gradients of every input to its ``grad_…`` tensor."""

    def convolve(x, kernel, shift, share):
        return torchvision.ops.deform_conv2d(x, shift, kernel, None, (stride_h, stride_w), (pad_h, pad_w),
                                             (dilation_h, dilation_w), share)

    found = gradients(convolve, [input, weight, offset, mask], grad_output)
    for total, gradient in zip((grad_input, grad_weight, grad_offset, grad_mask), found):
        total += gradient
    if with_bias:
        grad_bias += grad_output.sum(dim=(0, 2, 3))
