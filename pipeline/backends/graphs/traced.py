"""Graphs traced by torch: the same operations without Python between them.

RTMDet-nano calls more than five hundred modules for a frame; on a CPU a third of its time
goes into getting from one to the next.
"""

import warnings
from typing import Callable, Iterator

import torch

from pipeline.backends.graphs.graphs import Graph, Nested, arrange, flatten


def trace(function: Callable[[Nested], Nested], example: Nested) -> Iterator[Graph]:
    """Yield the graph of ``function`` on ``example`` (a maker for :class:`Graphs`)."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # what tracing warns of is checked by Graphs
        yield torch.jit.trace(
            lambda *tensors: function(arrange(example, tensors)),
            tuple(flatten(example)),
            strict=False,
            check_trace=False,
        )
