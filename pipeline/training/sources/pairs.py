"""Estimate and truth side by side in one safe npz file, of any joints and dimensions.

===================  =========  =======================================================================
``fps``              a number   frames per second of all sequences
``NAME/estimate``    (T, K, D)  the estimator's joints, px (D = 2) or mm (D = 3); NaN: not predicted
``NAME/truth``       (T, K, D)  the annotated joints
``NAME/weight``      (T, K)     optional; 0 where the truth is not known, 1 by default
``NAME/scores``      (T, K)     optional; the estimator's, in 0..1, for refiners with ``score_input``
``NAME/bbox``        (T, 4)     optional; x1 y1 x2 y2 px, the body size of PCK
``NAME/image_size``  (2,)       optional; width and height px, for ``ImageNormaliser``
===================  =========  =======================================================================

Written by :func:`save_pairs`, as ``tools/research/lift_h36m.py`` does, or by ``numpy.savez`` anywhere.
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
        raise InputError(
            f'{path}: no such pair file; POSE_PAIRS names the folder of the 3D pairs of Human3.6M, which '
            'tools/research/lift_h36m.py writes (layout: docs/training.md)'
        )
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
    shapes = dict(weight=truth.shape[:2], scores=truth.shape[:2], bbox=(len(truth), 4), image_size=(2,))
    more = {
        field: arrays[f'{name}/{field}'].astype(np.float32) for field in shapes if f'{name}/{field}' in arrays.files
    }
    for field, found in more.items():
        if found.shape != shapes[field]:
            raise InputError(f'{path}: {name}/{field} is {found.shape}, {shapes[field]} is needed')
    weight = more.pop('weight', np.ones(truth.shape[:2], np.float32))
    return PoseSequence(name, truth, weight, float(arrays['fps']), estimate, name, **more)


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
        for field in ('scores', 'bbox', 'image_size'):
            if getattr(sequence, field) is not None:
                arrays[f'{sequence.name}/{field}'] = getattr(sequence, field)
    with atomic_path(path, force) as temporary:
        np.savez(temporary, **arrays)
