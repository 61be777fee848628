"""The npz layouts that DeciWatch, SmoothNet and HANet share.

``ROOT/gt/DATASET_gt_SPLIT.npz`` and ``ROOT/det/ESTIMATOR/DATASET_ESTIMATOR_SPLIT.npz`` hold
one entry per sequence: ``imgname``, ``joints_2d`` ``(S, K, 2)`` px with ``imgshape`` (height,
width, channels) and ``bbox`` ``(S, 4)``, or ``joints_3d`` ``(S, K * 3)`` in metres. The
entries are pickled object arrays, which can run code when they are opened: reading them
must be asked for. ``tools/convert_dataset.py`` writes them once as safe files, which
are read without asking.
"""
import pickle
from pathlib import Path
from typing import Dict, List, Tuple, Union

import numpy as np
import torch

import pipeline.compat  # noqa: F401, before mmpose
from mmpose.registry import DATASETS
from pipeline.errors import InputError
from pipeline.evaluation.stitching import cut, window_starts
from pipeline.files import atomic_path


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
    try:
        with np.load(path, allow_pickle=allow_pickle) as arrays:
            if 'lengths' in arrays.files:
                return _split_safe(arrays)
            return {name: [np.asarray(entry) for entry in arrays[name]] for name in arrays.files}
    except ValueError as error:
        if 'allow_pickle' not in str(error):
            raise InputError(f'{path}: not an npz of pose sequences ({error})') from error
        raise InputError(f'{path}: holds pickled objects, which can run code when opened. If you trust its origin, '
                         'pass allow_pickle=True or convert it with tools/convert_dataset.py') from error
    except (OSError, pickle.UnpicklingError) as error:
        raise InputError(f'{path}: not an npz of pose sequences ({error})') from error


def _split_safe(arrays) -> Dict[str, List[np.ndarray]]:
    ends = np.cumsum(arrays['lengths'])[:-1]
    return {name: list(arrays[name]) if name == 'imgshape' else np.split(arrays[name], ends)
            for name in arrays.files if name != 'lengths'}


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


@DATASETS.register_module()
class NpzPoseDataset(torch.utils.data.Dataset):
    """Windows of estimates and truths, item by item as the published data set classes give them.

    Training item i (one per frame of the data set) is a window of the sequence that holds
    frame i; starts repeat cyclically, so that every start of a short sequence is seen as
    often as its frames. A test item is a whole sequence in overlapping windows. Sequences
    shorter than the window are padded with zeros at their end, which training and
    published evaluation count.

    Args:
        root: folder with ``gt`` and ``det``.
        dataset, estimator: names in the file names, such as 'jhmdb' and 'simplebaseline'.
        window: ``T``.
        dims: 2 or 3.
        split: 'train' or 'test'.
        step: frames between test windows; the published value is the interval N.
        test_mode: whole sequences instead of training windows; by default for split 'test'.
        cover: let a last test window end with the sequence (the published one drops these frames).
        fps: of the data set.
        allow_pickle: read the published layout; only for files you trust.

    Raises:
        InputError: if a file is missing, or estimates and truths differ in shape.
    """

    def __init__(self, root: str, dataset: str, estimator: str, window: int, dims: int = 2, split: str = 'train',
                 step: int = 1, test_mode: bool = None, cover: bool = False, fps: float = 30.0,
                 allow_pickle: bool = False):
        gt_path = Path(root) / 'gt' / f'{dataset}_gt_{split}.npz'
        det_path = Path(root) / 'det' / estimator / f'{dataset}_{estimator}_{split}.npz'
        truth, estimate = read_sequences(gt_path, allow_pickle), read_sequences(det_path, allow_pickle)
        field = f'joints_{dims}d'
        for path, arrays in ((gt_path, truth), (det_path, estimate)):
            if field not in arrays:
                raise InputError(f'{path}: has no {field}, only {", ".join(arrays)}')
        self.window, self.dims, self.step, self.cover, self.fps = window, dims, step, cover, fps
        self.test_mode = split == 'test' if test_mode is None else test_mode
        self.truth = [np.asarray(p, np.float64).reshape(len(p), -1, dims) for p in truth[field]]
        self.estimate = [np.asarray(p, np.float64).reshape(len(p), -1, dims) for p in estimate[field]]
        for i, (a, b) in enumerate(zip(self.truth, self.estimate)):
            if a.shape != b.shape:
                raise InputError(f'{det_path}: sequence {i} is {b.shape}, its truth is {a.shape}')
        if len(self.truth) != len(self.estimate):
            raise InputError(f'{det_path}: {len(self.estimate)} sequences for {len(self.truth)} of the truth')
        self.image_size = [np.asarray(s[1::-1], np.float64) for s in truth['imgshape']] if 'imgshape' in truth else None
        self.boxes = [np.asarray(b, np.float64) for b in truth['bbox']] if 'bbox' in truth else None
        lengths = np.array([len(p) for p in self.truth])
        self.first = np.cumsum(lengths) - lengths
        self.num_frames = int(lengths.sum())

    @property
    def num_keypoints(self) -> int:
        return self.truth[0].shape[1]

    def __len__(self) -> int:
        return len(self.truth) if self.test_mode else self.num_frames

    def __getitem__(self, index: int) -> dict:
        """Training: ``inputs`` ``(T, K, D)`` ...; test: the same with a leading axis over windows, and
        ``bbox``, ``sequence``, ``start``, ``length`` among the ``data_samples``."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        sequence, starts = (index, None) if self.test_mode else self._locate(index)
        if self.test_mode:
            starts = window_starts(len(self.truth[index]), self.window, self.step, self.cover)
        fields = dict(keypoints=self._windows(self.estimate[sequence], starts))
        samples = dict(target=self._windows(self.truth[sequence], starts))
        count = len(starts)
        fields['fps'] = torch.full((count,), self.fps)
        if self.image_size is not None:
            fields['image_size'] = torch.from_numpy(self.image_size[sequence]).expand(count, 2)
        if not self.test_mode:
            return dict(inputs={k: v[0] for k, v in fields.items()}, data_samples={k: v[0] for k, v in samples.items()})
        if self.boxes is not None:
            samples['bbox'] = self._windows(self.boxes[sequence], starts)
        samples.update(sequence=torch.full((count,), sequence), start=torch.from_numpy(starts),
                       length=torch.full((count,), len(self.truth[sequence])), fps=fields['fps'])
        return dict(inputs=fields, data_samples=samples)

    def _locate(self, index: int) -> Tuple[int, np.ndarray]:
        sequence = int(np.searchsorted(self.first, index, side='right') - 1)
        places = max(len(self.truth[sequence]) - self.window + 1, 1)
        return sequence, np.array([(index - self.first[sequence]) % places])

    def _windows(self, frames: np.ndarray, starts: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(cut(frames, starts, self.window, pad='zero'))
