"""Training data, losses and hooks, registered in MMPose and MMEngine."""

from pipeline.training import hooks, losses  # noqa: F401, registers them
from pipeline.training.batches import drawn_batches, lifting_batches, pair_batches, window_batches  # noqa: F401
from pipeline.training.sequences import lifting_sequences, npz_pose_dataset, pair_sequences  # noqa: F401
