"""Training data, losses and hooks, registered in MMPose and MMEngine."""

from pipeline.training import hooks, losses  # noqa: F401, registers them
from pipeline.training.batches import (  # noqa: F401
    drawn_batches,
    hourglass_lifting_batches,
    hourglass_pair_batches,
    lifted_window_batches,
    lifting_batches,
    pair_batches,
    virtual_lifting_batches,
    window_batches,
)
from pipeline.training.sequences import lifting_sequences, npz_pose_dataset, pair_sequences  # noqa: F401
