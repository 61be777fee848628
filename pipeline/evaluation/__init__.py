"""Metrics and protocols, registered in MMPose."""
from pipeline.evaluation import refinement_metric  # noqa: F401, registers it
