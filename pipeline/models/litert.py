"""TFLite graphs as network modules, run on the CPU by LiteRT."""
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, List

import pipeline.compat  # noqa: F401  (before anything of mmcv, MMDetection or MMPose)
import numpy as np
from mmengine.registry import MODELS
from torch import nn

from pipeline.assets import resolve
from pipeline.errors import InputError


@MODELS.register_module()
class LiteRTNetwork(nn.Module):
    """A TFLite graph with one input, as a module without parameters.

    It runs on the CPU whatever device the model around it is moved to, and one
    thread at a time may call it.

    Args:
        model_path: a ``.tflite`` file, or ``asset:NAME``.
        num_threads: of LiteRT. Beyond the machine's idle cores, threads wait for
            each other and everything slows down.

    Raises:
        InputError: if the file is missing or no TFLite graph.
    """

    def __init__(self, model_path: str, num_threads: int = 2):
        super().__init__()
        from ai_edge_litert.interpreter import Interpreter
        path = Path(resolve(model_path))
        if not path.is_file():
            raise InputError(f'{path}: no such file; a .tflite graph is needed')
        if not (isinstance(num_threads, int) and num_threads >= 1):
            raise InputError(f'num_threads={num_threads!r}: must be a whole number from 1 up')
        try:
            with _quiet():
                self._interpreter = Interpreter(str(path), num_threads=num_threads)
        except ValueError as error:
            raise InputError(f'{path}: not a TFLite graph ({str(error).splitlines()[0]})') from error
        details = self._interpreter.get_input_details()
        if len(details) != 1:
            raise InputError(f'{path}: has {len(details)} inputs; graphs with one are supported')
        self._input, self.dtype = details[0]['index'], details[0]['dtype']
        self._outputs = [output['index'] for output in self._interpreter.get_output_details()]
        self._shape = None

    def forward(self, image: np.ndarray) -> List[np.ndarray]:
        """Run the graph.

        Args:
            image: ``(1, H, W, C)`` in the graph's ``dtype``. Graphs that take any
                size are prepared anew when it changes, which takes some frames' time.

        Returns:
            The outputs, copied, in the graph's order.
        """
        if image.shape != self._shape:
            with _quiet():
                self._interpreter.resize_tensor_input(self._input, image.shape, strict=True)
                self._interpreter.allocate_tensors()
            self._shape = image.shape
        self._interpreter.set_tensor(self._input, image)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index) for index in self._outputs]


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep LiteRT's own notes about delegates off the terminal; failures are raised, not printed."""
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
