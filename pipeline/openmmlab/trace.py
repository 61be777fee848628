"""Tensor functions of a network as traced graphs: the same operations without Python between them.

RTMDet-nano calls more than five hundred modules for a frame; on a CPU a third of its time
goes into getting from one to the next.
"""
import warnings
from typing import Callable, Dict, List, Optional, Sequence, Tuple, Union

import torch
from torch import nn

Nested = Union[torch.Tensor, Sequence['Nested']]

#: Different inputs (sizes) of which a function keeps a graph; further ones run as they are.
MAX_GRAPHS = 8
_TOLERANCE = 1e-4


class Traced:
    """Calls ``function`` through a graph that was traced from it, where that gives the same.

    A graph is made for every new shape of input, whatever the batch size, and kept if on
    other values and another batch size it agrees with the function. Functions that cannot
    be traced, or whose graph depends on values or on the batch size, are simply called.

    Args:
        function: takes a tensor or nested lists of tensors, batch first, and gives the like.
    """

    def __init__(self, function: Callable[[Nested], Nested]):
        self.function = function
        self.graphs: Dict[tuple, Optional[Callable]] = {}

    def __call__(self, inputs: Nested, *args, **kwargs) -> Nested:
        tensors = None if args or kwargs else flatten(inputs)
        if not tensors:
            return self.function(inputs, *args, **kwargs)
        kind = type(inputs), tuple((tensor.shape[1:], tensor.dtype, tensor.device) for tensor in tensors)
        if kind not in self.graphs and len(self.graphs) < MAX_GRAPHS:
            self.graphs[kind] = self._graph(inputs)
        graph = self.graphs.get(kind)
        return self.function(inputs) if graph is None else graph(*tensors)

    def _graph(self, inputs: Nested) -> Optional[Callable]:
        """A graph for inputs like these, or None."""
        try:
            example, other = _random_like(inputs, batch=2), _random_like(inputs, batch=1)
            with warnings.catch_warnings():
                warnings.simplefilter('ignore')  # what tracing warns of is checked here
                graph = torch.jit.trace(lambda *tensors: self.function(_like(inputs, tensors)),
                                        tuple(flatten(example)), strict=False, check_trace=False)
            agrees = _agree(self.function(other), graph(*flatten(other)))
        except Exception:  # tracing fails in as many ways as there are models, and is never needed
            return None
        return graph if agrees else None


def trace_network(model: nn.Module) -> None:
    """Let backbone and neck (``extract_feat``) and the head of a model run as graphs, as far as they can."""
    if not any(True for _ in model.parameters()):
        return  # its computation happens elsewhere than in torch
    model.extract_feat = Traced(model.extract_feat)
    for name in ('head', 'bbox_head'):
        head = getattr(model, name, None)
        if isinstance(head, nn.Module):
            head.forward = Traced(head.forward)


def flatten(nested: Nested) -> Optional[List[torch.Tensor]]:
    """The tensors in nested lists and tuples, in order; None if there is anything else."""
    if isinstance(nested, torch.Tensor):
        return [nested]
    if not isinstance(nested, (list, tuple)):
        return None
    parts = [flatten(part) for part in nested]
    return None if None in parts else [tensor for part in parts for tensor in part]


def _like(nested: Nested, tensors: Sequence[torch.Tensor]) -> Nested:
    """``tensors`` in the arrangement of ``nested``."""
    remaining = iter(tensors)

    def fill(part):
        return next(remaining) if isinstance(part, torch.Tensor) else type(part)(fill(inner) for inner in part)

    return fill(nested)


def _random_like(nested: Nested, batch: int) -> Nested:
    generator = torch.Generator().manual_seed(batch)

    def random(tensor: torch.Tensor) -> torch.Tensor:
        return torch.randn(batch, *tensor.shape[1:], generator=generator).to(tensor)

    return _like(nested, [random(tensor) for tensor in flatten(nested)])


def _agree(expected: Nested, found: Nested) -> bool:
    expected, found = flatten(expected), flatten(found)
    return (expected is not None and found is not None and len(expected) == len(found)
            and all(a.shape == b.shape and _close(a, b) for a, b in zip(expected, found)))


def _close(a: torch.Tensor, b: torch.Tensor) -> bool:
    size = float(a.abs().max()) if a.numel() else 0.0
    return torch.allclose(a, b, rtol=_TOLERANCE, atol=_TOLERANCE * size)
