"""TFLite graphs as network modules, run on the CPU by LiteRT."""

import os
import sys
from collections import OrderedDict
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import Any, Iterator, List, Optional

import numpy as np
from mmengine.registry import MODELS
from torch import nn

from pipeline.assets import resolve
from pipeline.backends.threads import available_cores
from pipeline.errors import InputError

# Sizes of input for which a graph that takes any is kept ready; the one used longest ago makes room.
_KEPT_SIZES = 4


@MODELS.register_module()
class LiteRTNetwork(nn.Module):
    """A TFLite graph with one input, as a module without parameters.

    It runs on the CPU whatever device the model around it is moved to. Any number of
    threads may call it; ``copies`` of them at a time are served.

    Args:
        model_path: a ``.tflite`` file, or ``asset:NAME``.
        num_threads: of each copy. Small graphs gain little by a second thread, which
            costs more processor time than it saves: several copies side by side are better.
        copies: that run at once, each with its own memory; None for one per core that
            this process may use.

    Raises:
        InputError: if the file is missing or no TFLite graph.
    """

    def __init__(self, model_path: str, num_threads: int = 1, copies: Optional[int] = 1):
        super().__init__()
        path = Path(resolve(model_path))
        if not path.is_file():
            raise InputError(f'{path}: no such file; a .tflite graph is needed')
        copies = available_cores() if copies is None else copies
        for name, value in (('num_threads', num_threads), ('copies', copies)):
            if not (isinstance(value, int) and value >= 1):
                raise InputError(f'{name}={value!r}: must be a whole number from 1 up')
        graphs = [_Graph(path, num_threads) for _ in range(copies)]
        self.copies, self.dtype = copies, graphs[0].dtype
        self._idle: SimpleQueue = SimpleQueue()
        for graph in graphs:
            self._idle.put(graph)

    def forward(self, image: np.ndarray) -> List[np.ndarray]:
        """Run the graph.

        Args:
            image: ``(1, H, W, C)`` in the graph's ``dtype``. A graph that takes any size is
                prepared for each new one, which takes some frames' time.

        Returns:
            The outputs, copied, in the graph's order.

        Raises:
            InputError: if the graph does not run on such an input.
        """
        graph = self._idle.get()
        try:
            return graph.run(image)
        finally:
            self._idle.put(graph)


class _Graph:
    """One copy of a graph, with an interpreter for each size of input; one thread at a time may use it."""

    def __init__(self, path: Path, num_threads: int):
        self._path, self._num_threads = path, num_threads
        self._ready: OrderedDict[tuple, Any] = OrderedDict()
        interpreter = self._interpreter()
        details = interpreter.get_input_details()
        if len(details) != 1:
            raise InputError(f'{path}: has {len(details)} inputs; graphs with one are supported')
        self._input, self.dtype = details[0]['index'], details[0]['dtype']
        self._outputs = [output['index'] for output in interpreter.get_output_details()]

    def run(self, image: np.ndarray) -> List[np.ndarray]:
        try:
            interpreter = self._for_size(image.shape)
            interpreter.set_tensor(self._input, image)
            interpreter.invoke()
            return [interpreter.get_tensor(index) for index in self._outputs]
        except (RuntimeError, ValueError) as error:  # of a damaged graph, or one of another task
            reason = ' '.join(str(error).split())[:200]
            size = 'x'.join(map(str, image.shape))
            raise InputError(f'{self._path}: the graph does not run on an input of {size} ({reason})') from error

    def _for_size(self, shape: tuple):
        if shape not in self._ready:
            interpreter = self._interpreter()
            with _quiet():
                interpreter.resize_tensor_input(self._input, shape, strict=True)
                interpreter.allocate_tensors()
            self._ready[shape] = interpreter
            if len(self._ready) > _KEPT_SIZES:
                self._ready.popitem(last=False)
        self._ready.move_to_end(shape)
        return self._ready[shape]

    def _interpreter(self):
        from ai_edge_litert.interpreter import Interpreter

        try:
            with _quiet():
                return Interpreter(str(self._path), num_threads=self._num_threads)
        except ValueError as error:
            raise InputError(f'{self._path}: not a TFLite graph ({str(error).splitlines()[0]})') from error


# two threads that exchange stderr at once would lose it
_stderr = Lock()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep LiteRT's own notes about delegates off the terminal; failures are raised, not printed."""
    with _stderr:
        sys.stderr.flush()
        try:
            kept = os.dup(2)
        except OSError:  # no stderr to keep quiet
            yield
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(nowhere)
            os.close(kept)
