"""Finding people: any MMDetection detector, or one's own, behind one small interface."""

from pipeline.detection.build import build_detector
from pipeline.detection.detector import PersonDetector

__all__ = ['PersonDetector', 'build_detector']
