"""Call a function of tensors through graphs made from it, where they give the same numbers."""

from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Union

import torch

from pipeline.errors import InputError

Nested = Union[torch.Tensor, Sequence['Nested']]
Graph = Callable[..., Nested]
Maker = Callable[[Callable[[Nested], Nested], Nested], Iterator[Graph]]

#: Different inputs (sizes) of which a function keeps a graph; further ones run as they are.
MAX_GRAPHS = 8
_TOLERANCE = 1e-4


class _Checked(NamedTuple):
    """A graph that was found to agree, and how its results are nested."""

    graph: Graph
    arrangement: Any


class Graphs:
    """Calls ``function`` through graphs of it, where these give the same.

    A graph is made for every new shape of input, whatever the batch size, and kept if on
    other values and another batch size it agrees with the function. Functions that give no
    graph, or whose graph depends on values or on the batch size, are simply called.

    Args:
        function: takes a tensor or nested lists of tensors, batch first, and gives the like.
        make: takes the function and an example of its input, and yields graphs to try: they
            take the tensors of the input one after the other. The first that agrees is kept.
        random_like: makes other inputs; takes one, and a batch size.
        required: what messages call the function, if it must not be called itself: an
            InputError says then why its first input gives no graph.
        adopt: makes what is run from a graph that agrees (the same in half precision, which
            could not agree to the last digit); None for the graph itself.
    """

    def __init__(
        self,
        function: Callable[[Nested], Nested],
        make: Maker,
        random_like: Optional[Callable[[Nested, int], Nested]] = None,
        required: Optional[str] = None,
        adopt: Optional[Callable[[Graph], Graph]] = None,
    ):
        self.function, self.make, self.required = function, make, required
        self.adopt = adopt or (lambda graph: graph)
        self.random_like = random_like or normal_like
        self.graphs: Dict[tuple, Optional[_Checked]] = {}

    def __call__(self, inputs: Nested, *args, **kwargs) -> Nested:
        tensors = None if args or kwargs else flatten(inputs)
        if not tensors:
            return self.function(inputs, *args, **kwargs)
        kind = type(inputs), tuple((tensor.shape[1:], tensor.dtype, tensor.device) for tensor in tensors)
        if kind not in self.graphs and len(self.graphs) < MAX_GRAPHS:
            self.graphs[kind] = self._checked(inputs)
        checked = self.graphs.get(kind)
        if checked is None:
            return self.function(inputs)
        return arrange(checked.arrangement, flatten(checked.graph(*tensors)))

    def _checked(self, inputs: Nested) -> Optional[_Checked]:
        """A graph for inputs like these, or None."""
        reason = 'its graphs give other numbers than torch'
        try:
            example, other = self.random_like(inputs, 2), self.random_like(inputs, 1)
            expected = self.function(other)
            for graph in self.make(self.function, example):
                if _agree(expected, graph(*flatten(other))):
                    return _Checked(self.adopt(graph), arrange(expected, [None] * len(flatten(expected))))
        except Exception as error:  # making graphs fails in as many ways as there are models
            reason = ' '.join([type(error).__name__ + ':', *str(error).splitlines()[:1]])
        if self.required and not any(self.graphs.values()):
            raise InputError(f'{self.required} gives no graph: {reason}')
        return None


def flatten(nested: Nested) -> Optional[List[torch.Tensor]]:
    """The tensors in nested lists and tuples, in order; None if there is anything else."""
    if isinstance(nested, torch.Tensor):
        return [nested]
    if not isinstance(nested, (list, tuple)):
        return None
    parts = [flatten(part) for part in nested]
    return None if None in parts else [tensor for part in parts for tensor in part]


def arrange(pattern: Any, values: Sequence) -> Any:
    """``values`` in place of what the nested lists and tuples of ``pattern`` hold, in order."""
    remaining = iter(values)

    def fill(part):
        return type(part)(fill(inner) for inner in part) if isinstance(part, (list, tuple)) else next(remaining)

    return fill(pattern)


def normal_like(nested: Nested, batch: int) -> Nested:
    """Normally distributed values in tensors like these, of another batch size."""
    generator = torch.Generator().manual_seed(batch)

    def random(tensor: torch.Tensor) -> torch.Tensor:
        return torch.randn(batch, *tensor.shape[1:], generator=generator).to(tensor)

    return arrange(nested, [random(tensor) for tensor in flatten(nested)])


def _agree(expected: Nested, found: Nested) -> bool:
    expected, found = flatten(expected), flatten(found)
    return (
        expected is not None
        and found is not None
        and len(expected) == len(found)
        and all(a.shape == b.shape and _close(a, b) for a, b in zip(expected, found))
    )


def _close(a: torch.Tensor, b: torch.Tensor) -> bool:
    size = float(a.abs().max()) if a.numel() else 0.0
    return torch.allclose(a, b, rtol=_TOLERANCE, atol=_TOLERANCE * size)
