"""Tracks in, smooth tracks out, as a stream."""

from pipeline.refine.build import REFINERS, build_refiner
from pipeline.refine.stream import StreamRefiner

__all__ = ['REFINERS', 'StreamRefiner', 'build_refiner']
