"""Windows of the npz data sets that DeciWatch, SmoothNet and HANet share: 2D, 3D and SMPL."""

from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np
import torch
from mmpose.registry import DATASETS

from pipeline.errors import InputError
from pipeline.evaluation.rotations import axis_angle_to_6d
from pipeline.evaluation.stitching import cut, window_starts
from pipeline.training.sequences.npz_layouts import find_files, read_sequences

# what a file calls its poses, and how many numbers a joint has there and inside
REPRESENTATIONS = {'2D': ('joints_2d', 2, 2), '3D': ('joints_3d', 3, 3), 'smpl': ('pose', 3, 6)}


@DATASETS.register_module()
class NpzPoseDataset(torch.utils.data.Dataset):
    """Windows of estimates and truths, item by item as the published data set classes give them.

    Training item i (one per frame of the data set) is a window of the sequence that holds
    frame i; starts repeat cyclically, so that every start of a short sequence is seen as
    often as its frames. A test item is a whole sequence in overlapping windows. Sequences
    shorter than the window are padded with zeros at their end, which training and
    published evaluation count.

    Args:
        root: folder in one of the layouts of :mod:`pipeline.training.sequences.npz_layouts`.
        dataset, estimator: names in the file names, such as 'jhmdb' and 'simplebaseline'.
        window: ``T``.
        representation: '2D' (``joints_2d``, px), '3D' (``joints_3d``, metres) or 'smpl' (``pose``,
            24 axis-angle vectors, given as 6D rotations: ``K`` = 24, ``D`` = 6).
        dims: 2 or 3, the older way to say '2D' or '3D'.
        joints: of the file's joints, those to take, in this order; all by default.
        split: 'train' or 'test'.
        step: frames between test windows; the published value is the interval N.
        test_mode: whole sequences instead of training windows; by default for split 'test'.
        cover: let a last test window end with the sequence (the published one drops these frames).
        fps: of the data set.
        allow_pickle: read the published layout; only for files you trust.

    Raises:
        InputError: if a file is missing, lacks the representation, or holds poses that are no numbers,
            of another size, or in another number than their truth.
    """

    def __init__(
        self,
        root: str,
        dataset: str,
        estimator: str,
        window: int,
        representation: Optional[str] = None,
        dims: int = 2,
        joints: Optional[Sequence[int]] = None,
        split: str = 'train',
        step: int = 1,
        test_mode: Optional[bool] = None,
        cover: bool = False,
        fps: float = 30.0,
        allow_pickle: bool = False,
    ):
        representation = representation or f'{dims}D'
        if representation not in REPRESENTATIONS:
            raise InputError(f'representation {representation!r}: allowed are {", ".join(REPRESENTATIONS)}')
        paths = find_files(root, dataset, estimator, representation, split)
        truth, estimate = (read_sequences(path, allow_pickle) for path in paths)
        self.window, self.step, self.cover, self.fps = window, step, cover, fps
        self.dims = REPRESENTATIONS[representation][2]
        self.test_mode = split == 'test' if test_mode is None else test_mode
        self.truth, self.estimate = (
            _poses(arrays, representation, joints, path) for arrays, path in zip((truth, estimate), paths)
        )
        if len(self.truth) != len(self.estimate):
            raise InputError(f'{paths[1]}: {len(self.estimate)} sequences for {len(self.truth)} of the truth')
        for i, (a, b) in enumerate(zip(self.truth, self.estimate)):
            if a.shape != b.shape:
                raise InputError(f'{paths[1]}: sequence {i} is {b.shape}, its truth is {a.shape}')
        self.image_size = [np.asarray(s[1::-1], np.float64) for s in truth['imgshape']] if 'imgshape' in truth else None
        self.extras = {'bbox': truth.get('bbox')}
        if representation == 'smpl':
            self.extras.update(true_shape=truth.get('shape'), estimated_shape=estimate.get('shape'))
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
        ``sequence``, ``start``, ``length``, where known ``bbox`` ``(W, T, 4)``, ``true_shape`` and
        ``estimated_shape`` ``(W, T, 10)`` among the ``data_samples``."""
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
        for name, sequences in self.extras.items():
            if sequences is not None:
                frames = np.asarray(sequences[sequence], np.float64).reshape(len(self.truth[sequence]), -1)
                samples[name] = self._windows(frames, starts)
        samples.update(
            sequence=torch.full((count,), sequence),
            start=torch.from_numpy(starts),
            length=torch.full((count,), len(self.truth[sequence])),
            fps=fields['fps'],
        )
        return dict(inputs=fields, data_samples=samples)

    def _locate(self, index: int) -> Tuple[int, np.ndarray]:
        sequence = int(np.searchsorted(self.first, index, side='right') - 1)
        places = max(len(self.truth[sequence]) - self.window + 1, 1)
        return sequence, np.array([(index - self.first[sequence]) % places])

    def _windows(self, frames: np.ndarray, starts: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(cut(frames, starts, self.window, pad='zero'))


def _poses(
    arrays: Dict[str, List[np.ndarray]], representation: str, joints: Optional[Sequence[int]], path
) -> List[np.ndarray]:
    """``(S, K, D)`` float64 of every sequence of a file."""
    field, stored, _ = REPRESENTATIONS[representation]
    if field not in arrays:
        raise InputError(f'{path}: has no {field}, only {", ".join(arrays)}')
    poses = []
    for i, entry in enumerate(arrays[field]):
        entry = np.asarray(entry, np.float64)
        if entry.ndim not in (2, 3) or not len(entry) or entry[0].size % stored:
            raise InputError(
                f'{path}: sequence {i} of {field} is {entry.shape}; (S, K * {stored}) or (S, K, {stored}) is needed'
            )
        entry = entry.reshape(len(entry), -1, stored)
        if joints is not None:
            if max(joints) >= entry.shape[1] or min(joints) < 0:
                raise InputError(
                    f'{path}: sequence {i} of {field} has {entry.shape[1]} joints; joint {max(joints)} is asked for'
                )
            entry = entry[:, list(joints)]
        if not np.isfinite(entry).all():
            raise InputError(
                f'{path}: sequence {i} of {field} has values that are not numbers, first in frame '
                f'{int(np.flatnonzero(~np.isfinite(entry).all((1, 2)))[0])}'
            )
        poses.append(axis_angle_to_6d(entry) if representation == 'smpl' else entry)
    return poses
