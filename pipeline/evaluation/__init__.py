"""Metrics and protocols, registered in MMPose."""

from pipeline.evaluation import body_mesh, refinement_metric  # noqa: F401, registers them
