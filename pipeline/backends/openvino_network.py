"""Trained graphs (TFLite, ONNX) as network modules, run on the CPU by OpenVINO."""

from collections import OrderedDict
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import List, Optional, Sequence, Union

import numpy as np
from mmengine.registry import MODELS
from torch import nn

from pipeline.assets import resolve
from pipeline.backends.openvino_plan import gist, plan
from pipeline.backends.signal_stack import signal_stack_kept
from pipeline.backends.threads import available_cores
from pipeline.errors import InputError

# Sizes of input for which a graph that takes any is kept ready; the one used longest ago makes room.
_KEPT_SIZES = 12
_PRECISIONS = 'auto', 'f32', 'bf16'
_FORMATS = '.tflite', '.onnx'


@MODELS.register_module()
class OpenVINONetwork(nn.Module):
    """A graph with one input, as a module without parameters.

    It runs on the CPU whatever device the model around it is moved to. Any number of
    threads may call it; ``copies`` of them at a time are served. What no kept output
    needs is cut off and never computed.

    Args:
        model_path: a ``.tflite`` or ``.onnx`` file, or ``asset:NAME``.
        num_threads: of each copy. Small graphs gain little by a second thread, which
            costs more processor time than it saves: several copies side by side are better.
        copies: that run at once, over the same weights; None for one per core that this
            process may use.
        outputs: which outputs to compute, by index or name, in the order wanted; None for
            all in the graph's order.
        precision: ``f32``, ``bf16``, or ``auto``: bfloat16 where the processor multiplies it in
            hardware (AMX, AVX-512 BF16), at half of the time. Poses then differ by a third of
            a px of the network's input (median), so from machine to machine.

    Raises:
        InputError: if the file is missing or no graph, or an option is none of the above.
    """

    def __init__(
        self,
        model_path: str,
        num_threads: int = 1,
        copies: Optional[int] = 1,
        outputs: Optional[Sequence[Union[int, str]]] = None,
        precision: str = 'auto',
    ):
        super().__init__()
        self._path = Path(resolve(model_path))
        if not self._path.is_file():
            raise InputError(f'{self._path}: no such file; a .tflite or .onnx graph is needed')
        copies = available_cores() if copies is None else copies
        for name, value in (('num_threads', num_threads), ('copies', copies)):
            if isinstance(value, bool) or not (isinstance(value, int) and value >= 1):
                raise InputError(f'{name}={value!r}: must be a whole number from 1 up')
        if precision not in _PRECISIONS:
            raise InputError(f'precision={precision!r}: must be {", ".join(_PRECISIONS[:-1])} or {_PRECISIONS[-1]}')
        self.copies, self.num_threads, self.precision = copies, num_threads, precision
        self._graph = _cut(_read(self._path), outputs, self._path)
        self.dtype = self._graph.inputs[0].element_type.to_dtype().type
        self._ready: OrderedDict[tuple, SimpleQueue] = OrderedDict()
        self._preparing = Lock()

    @signal_stack_kept()
    def forward(self, image: np.ndarray) -> List[np.ndarray]:
        """Run the graph.

        Args:
            image: ``(1, H, W, C)`` in the graph's ``dtype``. A graph that takes any size is
                prepared for each new one, which takes about a second.

        Returns:
            The outputs, copied.
        """
        idle = self._requests(image.shape)
        request = idle.get()
        try:
            request.infer([image], share_inputs=True)
            return [output.data.copy() for output in request.output_tensors]
        finally:
            idle.put(request)

    def _requests(self, shape: tuple) -> SimpleQueue:
        """Where idle requests for inputs of ``shape`` wait."""
        with self._preparing:
            if shape not in self._ready:
                self._ready[shape] = self._prepared(shape)
                if len(self._ready) > _KEPT_SIZES:
                    self._ready.popitem(last=False)
            self._ready.move_to_end(shape)
            return self._ready[shape]

    def _prepared(self, shape: tuple) -> SimpleQueue:
        graph = self._graph
        # the plan for one size is much faster than one for any
        if graph.inputs[0].partial_shape.is_dynamic or tuple(graph.inputs[0].shape) != shape:
            graph = graph.clone()
            try:
                graph.reshape(list(shape))
            except RuntimeError as error:
                raise InputError(f'{self._path}: takes no input of shape {shape} ({gist(error)})') from error
        compiled = plan(graph, self.precision, self.num_threads, self.copies)
        idle: SimpleQueue = SimpleQueue()
        for _ in range(self.copies):
            idle.put(compiled.create_infer_request())
        return idle


def _read(path: Path):
    import openvino

    if path.suffix not in _FORMATS:
        raise InputError(f'{path}: not a graph; known are files that end in {" and ".join(_FORMATS)}')
    try:
        graph = openvino.Core().read_model(str(path))
    except RuntimeError as error:
        raise InputError(f'{path}: not a TFLite or ONNX graph ({gist(error)})') from error
    if len(graph.inputs) != 1:
        raise InputError(f'{path}: has {len(graph.inputs)} inputs; graphs with one are supported')
    return graph


def _cut(graph, outputs: Optional[Sequence[Union[int, str]]], path: Path):
    """The part of ``graph`` that the chosen outputs need."""
    import openvino

    if outputs is None:
        return graph
    known = [sorted(output.names) for output in graph.outputs]
    chosen = []
    for wanted in outputs:
        found = [output for index, output in enumerate(graph.outputs) if wanted == index or wanted in output.names]
        if not found:
            raise InputError(
                f'{path}: has no output {wanted!r}; there are 0 to {len(known) - 1} '
                f'({", ".join(names[0] for names in known if names)})'
            )
        chosen.append(found[0].node.input_value(0))
    return openvino.Model(chosen, graph.get_parameters())
