"""MoveNet MultiPose Lightning as a detector of MMDetection."""

from pipeline.networks.detectors.movenet.detector import MoveNetDetector

__all__ = ['MoveNetDetector']
