"""Run functions of tensors as graphs: traced in torch, or converted to OpenVINO; same numbers, faster."""

from pipeline.backends.graphs.graphs import Graphs
from pipeline.backends.graphs.openvino_graph import OpenVINOExporter, OpenVINOGraph
from pipeline.backends.graphs.traced import trace

__all__ = ['Graphs', 'OpenVINOExporter', 'OpenVINOGraph', 'trace']
