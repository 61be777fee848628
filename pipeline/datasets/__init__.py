"""Training and test data, registered in MMPose."""
from pipeline.datasets import collate, hooks, npz_pose_dataset, pair_batches, window_batches  # noqa: F401, registers them
