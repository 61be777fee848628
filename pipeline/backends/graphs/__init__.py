"""Run functions of tensors as graphs: traced in torch, or exported to ONNX Runtime; same numbers, faster."""

from pipeline.backends.graphs.graphs import Graphs
from pipeline.backends.graphs.onnx_graph import OnnxExporter
from pipeline.backends.graphs.traced import trace

RUNTIMES = ('torch', 'onnxruntime')

__all__ = ['RUNTIMES', 'Graphs', 'OnnxExporter', 'trace']
