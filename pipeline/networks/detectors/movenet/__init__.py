"""MoveNet MultiPose Lightning as a detector of MMDetection."""

from pipeline.networks.detectors.movenet.detector import MoveNetDetector
from pipeline.networks.detectors.movenet.transforms import PackMoveNetInputs, ResizeFrame

__all__ = ['MoveNetDetector', 'PackMoveNetInputs', 'ResizeFrame']
