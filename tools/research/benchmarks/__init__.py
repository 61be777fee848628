"""Measurements of speed and memory, each printed beside its target (``tools/benchmark.py``)."""
