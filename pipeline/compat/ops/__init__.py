"""mmcv's compiled ops on top of torchvision, by the names under which ``mmcv.ops`` calls them.

Most of them write their result into a tensor that the caller hands in; arguments
keep mmcv's names, because some are passed by keyword.
"""
from pipeline.compat.ops.attention import ms_deform_attn_backward, ms_deform_attn_forward
from pipeline.compat.ops.boxes import nms, nms_match, softnms
from pipeline.compat.ops.deform import (deform_conv_backward_input, deform_conv_backward_parameters,
                                        deform_conv_forward, modulated_deform_conv_backward,
                                        modulated_deform_conv_forward)
from pipeline.compat.ops.roi import roi_align_backward, roi_align_forward, roi_pool_backward, roi_pool_forward

OPS = {op.__name__: op for op in (
    nms, softnms, nms_match, roi_align_forward, roi_align_backward, roi_pool_forward, roi_pool_backward,
    deform_conv_forward, deform_conv_backward_input, deform_conv_backward_parameters,
    modulated_deform_conv_forward, modulated_deform_conv_backward, ms_deform_attn_forward, ms_deform_attn_backward)}
