"""Functions of tensors as graphs: traced in torch, or exported and run by ONNX Runtime; the same numbers, sooner."""
from pipeline.runtime.graphs import Graphs
from pipeline.runtime.onnx_graph import OnnxExporter
from pipeline.runtime.traced import trace

RUNTIMES = ('torch', 'onnxruntime')

__all__ = ['RUNTIMES', 'Graphs', 'OnnxExporter', 'trace']
