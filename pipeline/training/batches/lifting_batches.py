"""Training batches of single frames for a lifter: 2D estimates and 3D truth, whole batches at a time."""

from typing import Optional, Sequence

import numpy as np
import torch
from mmpose.registry import DATASETS

from pipeline.errors import InputError
from pipeline.training.batches.drawn_batches import DrawnBatches, cached_arrays
from pipeline.training.sources import h36m


@DATASETS.register_module()
class LiftingBatches(DrawnBatches):
    """Item i is a complete batch of random frames of Human3.6M. Collate with ``first_item``, ``batch_size=1``.

    Half of the frames are mirrored: pixels about the middle of the picture, 3D about x = 0.

    Args:
        folder: of the Human3.6M pairs.
        subjects: to train on.
        batch_size: ``N``.
        num_batches: batches of an epoch.
        every: take every n-th frame; at 50 fps neighbours are nearly the same.
        picture_width: px, what x is mirrored in.
        cache: folder for the prepared arrays.
        seed: of everything random.

    Raises:
        InputError: if a file is missing or there are no frames.
    """

    def __init__(
        self,
        folder: str,
        subjects: Sequence[str] = h36m.TRAIN_SUBJECTS,
        batch_size: int = 256,
        num_batches: int = 100,
        every: int = 4,
        picture_width: float = 1000.0,
        cache: Optional[str] = None,
        seed: int = 0,
    ):
        def build() -> dict:
            pairs = [
                (r.estimate[::every], h36m.camera_poses(r)[::every]) for r in h36m.load_recordings(folder, subjects)
            ]
            if not pairs:
                raise InputError(f'{folder}: no recordings with estimates of {", ".join(subjects)}')
            keypoints, target = (np.concatenate(column) for column in zip(*pairs))
            return dict(keypoints=keypoints, target=target)

        arrays = cached_arrays(
            cache, dict(kind='lifting-1', folder=folder, subjects=list(subjects), every=every), build
        )
        self.keypoints, self.target = arrays['keypoints'], arrays['target']
        super().__init__(num_batches, seed)
        self.batch_size, self.picture_width = batch_size, picture_width

    def draw(self, rng: np.random.Generator) -> dict:
        """``inputs``: keypoints ``(N, 16, 2)`` px; ``data_samples``: target ``(N, 17, 3)`` mm."""
        chosen = rng.integers(0, len(self.keypoints), self.batch_size)
        mirrored = (rng.random(self.batch_size) < 0.5)[:, None, None]
        keypoints, target = self.keypoints[chosen], self.target[chosen]
        flipped = keypoints[:, list(h36m.MPII_FLIP)] * np.float32([-1, 1]) + np.float32([self.picture_width, 0])
        keypoints = np.where(mirrored, flipped, keypoints)
        target = np.where(mirrored, target[:, list(h36m.H36M_FLIP)] * np.float32([-1, 1, 1]), target)
        return dict(
            inputs=dict(keypoints=torch.from_numpy(keypoints)), data_samples=dict(target=torch.from_numpy(target))
        )
