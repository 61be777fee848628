"""Poses of found people: any MMPose top-down estimator, or one's own, behind one small interface."""

from pipeline.estimation.build import build_estimator
from pipeline.estimation.estimator import PoseEstimator

__all__ = ['PoseEstimator', 'build_estimator']
