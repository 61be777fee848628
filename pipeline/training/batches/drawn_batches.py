"""Data sets whose items are whole batches, drawn at random but the same at every run.

With them go :func:`first_item`, the collate function that they need, :class:`EveryBatch`, their sampler,
:func:`float_tensor` for what they give, and :func:`cached_arrays` for what they draw from: parsing Human3.6M takes
longer than a short training.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, Optional, Sequence, Union

import numpy as np
import torch
from mmengine.registry import DATA_SAMPLERS, FUNCTIONS

from pipeline.files import atomic_path


class DrawnBatches(torch.utils.data.Dataset):
    """Item i is a complete batch; the same for the same seed, epoch and i.

    Use it with ``batch_size=1``, the sampler ``EveryBatch`` and the collate function ``first_item``.

    Args:
        num_batches: batches of an epoch, on each rank.
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


@DATA_SAMPLERS.register_module()
class EveryBatch(torch.utils.data.Sampler):
    """All batches in their order, on every rank.

    Ranks draw batches of their own (:class:`pipeline.training.hooks.EpochSeedHook`), so that they need not share out
    those of one: an epoch has as many iterations on any number of GPUs, and schedules end where they should.
    """

    def __init__(self, dataset: DrawnBatches, seed: Optional[int] = None):
        self.dataset = dataset

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.dataset)))

    def __len__(self) -> int:
        return len(self.dataset)

    def set_epoch(self, epoch: int) -> None:
        """What Runners call; the order never changes."""


@FUNCTIONS.register_module()
def first_item(items: Sequence[Any]) -> Any:
    """The collate function, by name in MMEngine's registry: items are whole batches already, loaded one at a time."""
    return items[0]


def float_tensor(array: np.ndarray) -> torch.Tensor:
    """What batches are made of: float32, contiguous; the array's own memory where it is that already."""
    return torch.from_numpy(np.ascontiguousarray(array, np.float32))


def cached_arrays(
    folder: Optional[Union[str, Path]], key: dict, build: Callable[[], Dict[str, np.ndarray]]
) -> Dict[str, np.ndarray]:
    """The arrays that ``build`` makes, from ``folder`` if an earlier run with the same ``key`` left them.

    Args:
        folder: None switches the cache off.
        key: everything that the arrays depend on, as plain values.
        build: makes the arrays, by name.
    """
    if folder is None:
        return build()
    digest = hashlib.sha256(json.dumps(key, sort_keys=True, default=str).encode()).hexdigest()[:16]
    path = Path(folder) / f'{digest}.npz'
    if path.is_file():
        with np.load(path) as arrays:
            return {name: arrays[name] for name in arrays.files}
    arrays = build()
    with atomic_path(path, force=True) as temporary:
        np.savez(temporary, **arrays)
    return arrays
