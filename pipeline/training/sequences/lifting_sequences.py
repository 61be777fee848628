"""Whole recordings of Human3.6M for tests of lifters."""

from typing import Sequence

import torch
from mmpose.registry import DATASETS

from pipeline.errors import InputError
from pipeline.training.sources import h36m


@DATASETS.register_module()
class LiftingSequences(torch.utils.data.Dataset):
    """Item i is a whole recording, in 2D as estimated and in 3D as its camera sees it; for ``LiftingMetric``.

    Use it with ``batch_size=1`` and the collate function ``first_item``.

    Args:
        folder: of the Human3.6M pairs.
        subjects: to test on.
        every: use every n-th recording of a subject only.

    Raises:
        InputError: if a file is missing or there are no recordings.
    """

    def __init__(self, folder: str, subjects: Sequence[str] = h36m.TEST_SUBJECTS, every: int = 1):
        self.recordings = list(h36m.load_recordings(folder, subjects, every=every))
        if not self.recordings:
            raise InputError(f'{folder}: no recordings with estimates of {", ".join(subjects)}')

    def __len__(self) -> int:
        return len(self.recordings)

    def __getitem__(self, index: int) -> dict:
        """``inputs`` and ``data_samples`` of recording ``index``, as :meth:`item` says."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self.item(self.recordings[index])

    def item(self, recording: h36m.Recording) -> dict:
        """``inputs``: keypoints ``(T, 16, 2)`` px; ``data_samples``: target ``(T, 17, 3)`` mm, fps."""
        return dict(
            inputs=dict(keypoints=torch.from_numpy(recording.estimate)),
            data_samples=dict(target=torch.from_numpy(h36m.camera_poses(recording)), fps=h36m.FPS),
        )
