"""Graphs converted from torch and run by OpenVINO, on CPUs."""

import tempfile
import warnings
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Callable, Iterator, List, NamedTuple

import torch
from torch import nn

from pipeline.backends.graphs import graph_cache
from pipeline.backends.graphs.graphs import Graph, Nested, flatten
from pipeline.backends.graphs.traced import trace
from pipeline.backends.openvino_plan import gist, plan
from pipeline.backends.signal_stack import signal_stack_kept

_LENGTH = 8  # bytes in front of a packed graph, which say how long its structure is; the weights follow that


class OpenVINOExporter:
    """Makes graphs for :class:`Graphs` that OpenVINO runs.

    The batch is the one size that is left open. Converted graphs are kept in the user's cache
    folder; one that is there already is tried first, and made anew if the function gives other
    numbers by now (its code may have changed, which the file's key does not know).

    Args:
        module: whose weights the function uses.
        facts: whatever else decides on the graph: the config, the function's name.
    """

    def __init__(self, module: nn.Module, *facts: object):
        self.module, self.facts = module, facts

    def __call__(self, function: Callable[[Nested], Nested], example: Nested) -> Iterator[Graph]:
        import openvino

        shapes = [(tuple(tensor.shape[1:]), tensor.dtype) for tensor in flatten(example)]
        key = graph_cache.fingerprint(self.module, self.facts, shapes, torch.__version__, openvino.__version__)
        known = graph_cache.load(key)
        if known is not None:
            yield OpenVINOGraph(known)
        yield OpenVINOGraph(graph_cache.store(key, export(function, example)))


class OpenVINOGraph:
    """A file of the cache as a function of tensors.

    It uses as many threads as torch would: the chain gives each stage its share of the cores
    by ``torch.set_num_threads``, and a plan's number is fixed when it is made. Any number of
    threads may call it; they take turns.

    Args:
        path: of a file of the cache.
        precision: see :func:`pipeline.backends.openvino_plan.plan`.
    """

    def __init__(self, path: Path, precision: str = 'f32'):
        self.path, self.precision = path, precision
        self._ready = _Ready(0, None, SimpleQueue())
        self._preparing = Lock()

    @signal_stack_kept()
    def __call__(self, *tensors: torch.Tensor) -> List[torch.Tensor]:
        ready = self._prepared(torch.get_num_threads())
        try:
            request = ready.idle.get_nowait()
        except Empty:
            request = ready.plan.create_infer_request()
        try:
            request.infer([tensor.detach().contiguous().numpy() for tensor in tensors], share_inputs=True)
            return [torch.from_numpy(output.data.copy()) for output in request.output_tensors]
        finally:
            ready.idle.put(request)

    def in_half(self) -> 'OpenVINOGraph':
        """The same in bfloat16."""
        return OpenVINOGraph(self.path, 'bf16')

    def _prepared(self, threads: int) -> '_Ready':
        with self._preparing:
            if self._ready.threads != threads:
                self._ready = _Ready(threads, plan(_unpacked(self.path), self.precision, threads), SimpleQueue())
            return self._ready


class _Ready(NamedTuple):
    """A plan for a number of threads, and those of its requests that nobody is using."""

    threads: int
    plan: object
    idle: SimpleQueue


def export(function: Callable[[Nested], Nested], example: Nested) -> bytes:
    """``function`` as an OpenVINO graph, for batches of any size.

    Args:
        example: its input, of batch size 2 or more (of 1, a trace may forget the batch).

    Raises:
        RuntimeError: or another error, where torch cannot trace or OpenVINO not convert it.
    """
    from openvino import PartialShape
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # what these warn of is checked by Graphs
        (traced,) = trace(lambda inputs: tuple(flatten(function(inputs))), example)
        # openvino.convert_model does the same, and tells Intel of it without asking
        frontend, decoder = FrontEndManager().load_by_framework('pytorch'), TorchScriptPythonDecoder(traced)
        try:
            graph = frontend.convert(frontend.load(decoder))
        except Exception as error:  # OpenVINO's errors share no class
            raise RuntimeError(gist(error)) from error
    shapes = [PartialShape([-1, *tensor.shape[1:]]) for tensor in flatten(example)]
    graph.reshape(dict(zip(graph.inputs, shapes)))
    return _packed(graph)


def _packed(graph) -> bytes:
    """A graph's structure and weights in one piece, in single precision."""
    import openvino

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'graph.xml'
        openvino.save_model(graph, path, compress_to_fp16=False)
        structure, weights = path.read_bytes(), path.with_suffix('.bin').read_bytes()
    return len(structure).to_bytes(_LENGTH, 'little') + structure + weights


def _unpacked(path: Path):
    import openvino

    content = graph_cache.read(path)
    end = _LENGTH + int.from_bytes(content[:_LENGTH], 'little')
    return openvino.Core().read_model(content[_LENGTH:end], content[end:])
