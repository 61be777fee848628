"""Graphs exported to ONNX and run by ONNX Runtime, on CPUs."""

import io
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator, List, Optional

import onnxruntime
import torch
from torch import nn

from pipeline.backends.graphs import onnx_cache
from pipeline.backends.graphs.graphs import Graph, Nested, arrange, flatten

#: Operators' version of exported files: the newest that torch's TorchScript exporter and its shape checks know well.
OPSET = 17


class OnnxExporter:
    """Makes graphs for :class:`Graphs` that ONNX Runtime runs.

    The batch is the one size that is left open. Exports are kept in the user's cache folder;
    one that is there already is tried first, and made anew if the function gives other numbers
    by now (its code may have changed, which the file's key does not know).

    Args:
        module: whose weights the function uses.
        facts: whatever else decides on the graph: the config, the function's name.
    """

    def __init__(self, module: nn.Module, *facts: object):
        self.module, self.facts = module, facts

    def __call__(self, function: Callable[[Nested], Nested], example: Nested) -> Iterator[Graph]:
        shapes = [(tuple(tensor.shape[1:]), tensor.dtype) for tensor in flatten(example)]
        key = onnx_cache.fingerprint(self.module, self.facts, shapes, OPSET, torch.__version__, onnxruntime.__version__)
        known = onnx_cache.load(key)
        if known is not None:
            yield OnnxGraph(known)
        yield OnnxGraph(onnx_cache.store(key, export(function, example, self.module)))


class OnnxGraph:
    """A file of the cache as a function of tensors.

    It uses as many threads as torch would: the chain gives each stage its share of the cores
    by ``torch.set_num_threads``, and a session's number is fixed when it is opened.

    Args:
        path: of a file of the cache.
    """

    def __init__(self, path: Path):
        self.path = path
        self.threads = 0
        self.session: Optional[onnxruntime.InferenceSession] = None

    def __call__(self, *tensors: torch.Tensor) -> List[torch.Tensor]:
        threads = torch.get_num_threads()
        if self.threads != threads:
            self.session, self.threads = _open(self.path, threads), threads
        names = (value.name for value in self.session.get_inputs())
        inputs = {name: tensor.detach().contiguous().numpy() for name, tensor in zip(names, tensors)}
        return [torch.from_numpy(array) for array in self.session.run(None, inputs)]


def export(function: Callable[[Nested], Nested], example: Nested, module: nn.Module) -> bytes:
    """``function`` as an ONNX model, for batches of any size.

    Args:
        example: its input, of batch size 2 or more (of 1, a trace may forget the batch).
        module: whose weights it uses.

    Raises:
        RuntimeError: or another error, where torch cannot export it.
    """
    inputs = [f'input{i}' for i in range(len(flatten(example)))]
    content = io.BytesIO()
    with torch.inference_mode(False), torch.no_grad(), _quiet():
        example = arrange(example, [tensor.clone() for tensor in flatten(example)])
        outputs = [f'output{i}' for i in range(len(flatten(function(example))))]
        # The TorchScript exporter needs neither onnxscript nor a rewrite of MMDetection's and MMPose's code.
        torch.onnx.export(
            _Flat(function, module, example),
            tuple(flatten(example)),
            content,
            dynamo=False,
            opset_version=OPSET,
            input_names=inputs,
            output_names=outputs,
            dynamic_axes={name: {0: 'batch'} for name in inputs + outputs},
        )
    return content.getvalue()


class _Flat(nn.Module):
    """``function`` of tensors one after the other, as a module that owns its weights."""

    def __init__(self, function: Callable[[Nested], Nested], module: nn.Module, example: Nested):
        super().__init__()
        self.function, self.example = function, example
        self.owner = module
        self.train(module.training)  # the exporter puts everything back into the mode in which it finds this

    def forward(self, *tensors: torch.Tensor) -> List[torch.Tensor]:
        return flatten(self.function(arrange(self.example, tensors)))


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's warnings, which Graphs checks for, and without a print of the whole graph."""
    log = torch._C._jit_onnx_log  # the exporter switches it on, whatever it is told
    torch._C._jit_onnx_log = lambda *_: None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            yield
    finally:
        torch._C._jit_onnx_log = log


def _open(path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    # between two frames other stages need the cores: idle threads must sleep, not spin
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(onnx_cache.read(path), options, providers=['CPUExecutionProvider'])
