"""JHMDB: 15 joints (puppet annotation) in short clips, in normalised coordinates."""

from pathlib import Path
from typing import Tuple, Union

import numpy as np
from scipy.signal import savgol_filter

from pipeline.errors import InputError
from pipeline.formats.npz import open_npz
from pipeline.training.motion import WHERE, PoseSequence

NAMES = (
    'neck',
    'belly',
    'face',
    'right_shoulder',
    'left_shoulder',
    'right_hip',
    'left_hip',
    'right_elbow',
    'left_elbow',
    'right_knee',
    'left_knee',
    'right_wrist',
    'left_wrist',
    'right_ankle',
    'left_ankle',
)
FLIP = (0, 1, 2, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13)
FPS = 30.0
# The file's unit is half of the picture's side or so; errors are relative anyway.
PIXELS_PER_UNIT = 160.0


def load_jhmdb(folder: Union[str, Path], smooth: bool = True) -> Tuple[PoseSequence, ...]:
    """All clips of ``train.npz``, joints in the order of :data:`NAMES`, scaled to about px.

    Args:
        folder: holds ``train.npz`` with ``NNNN/keypoints`` and ``NNNN/label``.
        smooth: pass the labels through a Savitzky-Golay filter of 5 frames and order 2.

    Raises:
        InputError: if the file is missing or broken.
    """
    path = Path(folder) / 'train.npz'
    if not path.is_file():
        raise InputError(f'{path}: not found; the folder of JHMDB must hold train.npz ({WHERE})')
    sequences = []
    with open_npz(path, 'the joints of JHMDB') as arrays:
        for key in sorted(name for name in arrays.files if name.endswith('/keypoints')):
            keypoints = arrays[key].astype(np.float32) * PIXELS_PER_UNIT
            if smooth and len(keypoints) >= 5:
                keypoints = savgol_filter(keypoints, 5, 2, axis=0).astype(np.float32)
            name = key.split('/')[0]
            sequences.append(
                PoseSequence(f'jhmdb/{name}', keypoints, np.ones(keypoints.shape[:2], np.float32), FPS, group=name)
            )
    return tuple(sequences)
