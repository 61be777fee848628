"""Tracks in, smooth tracks out, as a stream."""

from pipeline.refine.build import build_refiner, refiner_options
from pipeline.refine.stream import StreamRefiner

__all__ = ['StreamRefiner', 'build_refiner', 'refiner_options']
