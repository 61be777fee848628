"""Backward passes of ops whose forward pass torch can differentiate."""
from typing import Callable, List, Sequence

import torch


def gradients(function: Callable[..., torch.Tensor], inputs: Sequence[torch.Tensor],
              grad_output: torch.Tensor) -> List[torch.Tensor]:
    """Gradients of ``function(*inputs)`` with respect to every input, given that of its output.

    The forward pass is run once more: mmcv's backward ops are handed no autograd graph.
    """
    with torch.enable_grad():
        inputs = [value.detach().requires_grad_() for value in inputs]
        return list(torch.autograd.grad(function(*inputs), inputs, grad_output))
