"""Poses of found people: any MMPose top-down estimator behind one small interface."""

from pipeline.estimation.estimator import PoseEstimator

__all__ = ['PoseEstimator']
