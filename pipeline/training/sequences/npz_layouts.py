"""The npz files that DeciWatch, SmoothNet and HANet share: where they lie and how they open.

Three folder layouts are known; D is a data set, E an estimator, S 'train' or 'test', R '2D',
'3D' or 'smpl':

=========  ==========================================  ====================================================
origin     truth                                       estimates
=========  ==========================================  ====================================================
HANet      ``gt/D_gt_S.npz``                           ``det/E/D_E_S.npz``
DeciWatch  ``groundtruth_poses/D/D_gt_S.npz``          ``detected_poses/D/E/D_E_S.npz``
SmoothNet  ``D_E_R/groundtruth/D_gt_R_S.npz``          ``D_E_R/detected/D_E_R_S.npz``
=========  ==========================================  ====================================================

The entries are pickled object arrays, one per sequence, which can run code when they are
opened: reading them must be asked for. ``tools/convert_dataset.py`` writes them once as safe
files (frames end to end, and ``lengths``), which are read without asking.
"""

from pathlib import Path
from typing import Dict, List, Tuple, Union

import numpy as np

from pipeline.errors import InputError
from pipeline.files import atomic_path
from pipeline.formats.npz import open_npz


def find_files(
    root: Union[str, Path], dataset: str, estimator: str, representation: str, split: str
) -> Tuple[Path, Path]:
    """Files of truth and estimates below ``root``, in whichever layout it has.

    Args:
        root: the folder.
        dataset, estimator: names as in the file names, such as 'pw3d' and 'pare'.
        representation: '2D', '3D' or 'smpl'.
        split: 'train' or 'test'.

    Raises:
        InputError: if ``root`` has none of the layouts, naming what was looked for.
    """
    root, name = Path(root), f'{dataset}_{estimator}_{representation}'
    layouts = (
        (root / 'gt' / f'{dataset}_gt_{split}.npz', root / 'det' / estimator / f'{dataset}_{estimator}_{split}.npz'),
        (
            root / 'groundtruth_poses' / dataset / f'{dataset}_gt_{split}.npz',
            root / 'detected_poses' / dataset / estimator / f'{dataset}_{estimator}_{split}.npz',
        ),
        (
            root / name / 'groundtruth' / f'{dataset}_gt_{representation}_{split}.npz',
            root / name / 'detected' / f'{name}_{split}.npz',
        ),
    )
    for truth, estimates in layouts:
        if truth.is_file():
            return truth, estimates
    raise InputError(
        f'{root}: no truth of {dataset} here (POSE_DATA names the folder for the configs); looked for '
        + ', '.join(str(truth.relative_to(root)) for truth, _ in layouts)
    )


def read_sequences(path: Union[str, Path], allow_pickle: bool = False) -> Dict[str, List[np.ndarray]]:
    """Every array of a file as a list with one entry per sequence.

    Args:
        path: in the published (pickled) or in the safe layout.
        allow_pickle: read the published layout; only for files you trust.

    Raises:
        InputError: if the file is missing or broken, or pickled and not allowed.
    """
    if not Path(path).is_file():
        raise InputError(f'{path}: no such file')
    with open_npz(path, 'an npz of pose sequences', allow_pickle) as arrays:
        if 'lengths' in arrays.files:
            return _split_safe(arrays)
        return {name: [np.asarray(entry) for entry in arrays[name]] for name in arrays.files}


def _split_safe(arrays) -> Dict[str, List[np.ndarray]]:
    ends = np.cumsum(arrays['lengths'])[:-1]
    return {
        name: list(arrays[name]) if name == 'imgshape' else np.split(arrays[name], ends)
        for name in arrays.files
        if name != 'lengths'
    }


def write_safe(path: Union[str, Path], sequences: Dict[str, List[np.ndarray]], force: bool = False) -> None:
    """Write sequences without pickle: frames end to end, and ``lengths``.

    Raises:
        InputError: if the file exists or cannot be written.
    """
    frames = {name: entries for name, entries in sequences.items() if name != 'imgshape'}
    arrays = {name: np.concatenate(entries) for name, entries in frames.items()}
    arrays = {name: array.astype(str) if array.dtype == object else array for name, array in arrays.items()}
    arrays['lengths'] = np.array([len(entry) for entry in next(iter(frames.values()))])
    if 'imgshape' in sequences:
        arrays['imgshape'] = np.stack(sequences['imgshape'])
    with atomic_path(path, force) as temporary:
        np.savez_compressed(temporary, **arrays)
