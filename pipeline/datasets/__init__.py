"""Training and test data, registered in MMPose."""
from pipeline.datasets import collate, hooks, pair_batches, window_batches  # noqa: F401, registers them
