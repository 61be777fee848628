"""MoveNet MultiPose Lightning as a detector of MMDetection."""

from pipeline.networks.detectors.movenet.detector import MoveNetDetector
from pipeline.networks.detectors.movenet.transforms import KeepFrame, PackMoveNetInputs

__all__ = ['KeepFrame', 'MoveNetDetector', 'PackMoveNetInputs']
