"""Ids for people across frames, by pose, box and motion."""

from pipeline.tracking.build import build_tracker, check_tracker
from pipeline.tracking.expected import join
from pipeline.tracking.further_points import FurtherPoints
from pipeline.tracking.options import TrackerOptions
from pipeline.tracking.tracker import PoseTracker

__all__ = ['FurtherPoints', 'PoseTracker', 'TrackerOptions', 'build_tracker', 'check_tracker', 'join']
