"""Finding people: any MMDetection detector behind one small interface."""

from pipeline.detection.detector import PersonDetector

__all__ = ['PersonDetector']
