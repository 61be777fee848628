"""Training and test data, registered in MMPose."""
from pipeline.datasets import (  # noqa: F401, registers them
    collate, hooks, lifting_batches, npz_pose_dataset, pair_batches, pair_sequences, window_batches)
