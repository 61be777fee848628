"""MoveNet MultiPose Lightning as a detector of MMDetection."""
from pipeline.models.movenet.detector import MoveNetDetector

__all__ = ['MoveNetDetector']
