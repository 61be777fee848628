"""Multi-scale deformable attention, of which mmcv itself has a version in plain torch (for CPUs)."""
import torch

from pipeline.compat.ops.gradients import gradients


def ms_deform_attn_forward(value: torch.Tensor, value_spatial_shapes: torch.Tensor,
                           value_level_start_index: torch.Tensor, sampling_locations: torch.Tensor,
                           attention_weights: torch.Tensor, im2col_step: int) -> torch.Tensor:
    """Deformable attention (Zhu et al. 2021, equation 3), ``(B, queries, channels)``."""
    from mmcv.ops.multi_scale_deform_attn import multi_scale_deformable_attn_pytorch
    return multi_scale_deformable_attn_pytorch(value, value_spatial_shapes, sampling_locations, attention_weights)


def ms_deform_attn_backward(value: torch.Tensor, value_spatial_shapes: torch.Tensor,
                            value_level_start_index: torch.Tensor, sampling_locations: torch.Tensor,
                            attention_weights: torch.Tensor, grad_output: torch.Tensor, grad_value: torch.Tensor,
                            grad_sampling_loc: torch.Tensor, grad_attn_weight: torch.Tensor,
                            im2col_step: int) -> None:
    """Adds the gradients of values, places and weights to the ``grad_…`` tensors."""

    def attend(values, places, weights):
        return ms_deform_attn_forward(values, value_spatial_shapes, value_level_start_index, places, weights,
                                      im2col_step)

    found = gradients(attend, [value, sampling_locations, attention_weights], grad_output)
    for total, gradient in zip((grad_value, grad_sampling_loc, grad_attn_weight), found):
        total += gradient
