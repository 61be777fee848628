"""Estimate and truth side by side in one safe npz file, of any joints and dimensions.

``NAME/estimate`` and ``NAME/truth`` ``(T, K, D)``, optionally ``NAME/weight`` ``(T, K)``,
``NAME/bbox`` ``(T, 4)`` and ``NAME/image_size`` ``(2,)``; ``fps`` a number. Written by
``tools/convert_dataset.py`` and by experiments that run an estimator of their own.
"""

from pathlib import Path
from typing import Sequence, Tuple, Union

import numpy as np

from pipeline.errors import InputError
from pipeline.files import atomic_path
from pipeline.formats.npz import open_npz
from pipeline.training.motion import PoseSequence


def load_pairs(path: Union[str, Path]) -> Tuple[PoseSequence, ...]:
    """All sequences of a pair file.

    Raises:
        InputError: if the file is missing, holds pickled objects, or an estimate's
            shape differs from its truth's.
    """
    if not Path(path).is_file():
        raise InputError(f'{path}: no such pair file; tools/convert_dataset.py writes one')
    with open_npz(path, 'a pair file') as arrays:
        names = sorted(key[: -len('/truth')] for key in arrays.files if key.endswith('/truth'))
        return tuple(_sequence(arrays, name, path) for name in names)


def _sequence(arrays, name: str, path) -> PoseSequence:
    truth = arrays[f'{name}/truth'].astype(np.float32)
    estimate = arrays[f'{name}/estimate'].astype(np.float32)
    if truth.shape != estimate.shape or truth.ndim != 3:
        raise InputError(
            f'{path}: {name} has an estimate of {estimate.shape} and a truth of {truth.shape}; both must be (T, K, D)'
        )
    weight = arrays[f'{name}/weight'] if f'{name}/weight' in arrays.files else np.ones(truth.shape[:2])
    return PoseSequence(name, truth, weight.astype(np.float32), float(arrays['fps']), estimate, name)


def save_pairs(path: Union[str, Path], sequences: Sequence[PoseSequence], force: bool = False) -> None:
    """Write sequences that have estimates; all must share one frame rate.

    Raises:
        InputError: if frame rates differ, or the file cannot be written.
    """
    rates = {sequence.fps for sequence in sequences}
    if len(rates) != 1:
        raise InputError(f'{path}: one frame rate is needed, not {sorted(rates)}')
    arrays = {'fps': np.float32(rates.pop())}
    for sequence in sequences:
        arrays[f'{sequence.name}/truth'] = sequence.truth
        arrays[f'{sequence.name}/estimate'] = sequence.estimate
        if (sequence.weight != 1).any():
            arrays[f'{sequence.name}/weight'] = sequence.weight
    with atomic_path(path, force) as temporary:
        np.savez(temporary, **arrays)
