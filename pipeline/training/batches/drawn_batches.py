"""Data sets whose items are whole batches, drawn at random but the same at every run."""

import numpy as np
import torch


class DrawnBatches(torch.utils.data.Dataset):
    """Item i is a complete batch; the same for the same seed, epoch and i.

    Use it with ``batch_size=1`` and the collate function ``first_item``.

    Args:
        num_batches: batches of an epoch.
        seed: of everything random.
    """

    def __init__(self, num_batches: int, seed: int):
        self.num_batches, self.seed, self.epoch = num_batches, seed, 0

    def __len__(self) -> int:
        return self.num_batches

    def set_epoch(self, epoch: int) -> None:
        """Make the batches of ``epoch`` differ from those of others."""
        self.epoch = epoch

    def __getitem__(self, index: int) -> dict:
        """``inputs`` and ``data_samples`` of batch ``index``, as :meth:`draw` says."""
        if not 0 <= index < self.num_batches:
            raise IndexError(index)
        return self.draw(np.random.default_rng((self.seed, self.epoch, index)))

    def draw(self, rng: np.random.Generator) -> dict:
        """A batch."""
        raise NotImplementedError
