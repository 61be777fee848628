"""Penn Action: 13 joints labelled by hand in videos of sports, integer pixels."""

from pathlib import Path
from typing import Tuple, Union

import numpy as np
from scipy.signal import savgol_filter

from pipeline.errors import InputError
from pipeline.formats.npz import open_npz
from pipeline.refine.filters import bridge_missing
from pipeline.training.motion import WHERE, PoseSequence

NAMES = (
    'head',
    'left_shoulder',
    'right_shoulder',
    'left_elbow',
    'right_elbow',
    'left_wrist',
    'right_wrist',
    'left_hip',
    'right_hip',
    'left_knee',
    'right_knee',
    'left_ankle',
    'right_ankle',
)
FPS = 30.0  # the files do not say; most of the source videos are of this rate


def load_penn_action(folder: Union[str, Path], smooth: bool = True) -> Tuple[PoseSequence, ...]:
    """All sequences of ``train.npz``, px, joints in the order of :data:`NAMES`.

    Args:
        folder: holds ``train.npz`` with ``NAME/keypoints`` and ``NAME/visible``.
        smooth: pass the labels through a Savitzky-Golay filter of 5 frames and order 2;
            whole-pixel labels jitter by about 2 px/frame², which is no motion.

    Raises:
        InputError: if the file is missing or broken.
    """
    path = Path(folder) / 'train.npz'
    if not path.is_file():
        raise InputError(f'{path}: not found; the folder of Penn Action must hold train.npz ({WHERE})')
    with open_npz(path, 'the joints of Penn Action') as arrays:
        names = sorted(key.split('/')[0] for key in arrays.files if key.endswith('/keypoints'))
        return tuple(_sequence(arrays, name, smooth) for name in names)


def _sequence(arrays, name: str, smooth: bool) -> PoseSequence:
    keypoints = arrays[f'{name}/keypoints'].astype(np.float32)
    weight = (arrays[f'{name}/visible'] > 0).astype(np.float32)
    keypoints = bridge_unseen(keypoints, weight)
    if smooth and len(keypoints) >= 5:
        keypoints = savgol_filter(keypoints, 5, 2, axis=0).astype(np.float32)
    return PoseSequence(f'penn/{name}', keypoints, weight, FPS, group=name)


def bridge_unseen(keypoints: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Fill joints of weight 0 linearly over time, so that they move with the body.

    A joint never seen takes the mean of the seen joints.

    Args:
        keypoints: ``(T, K, D)``.
        weight: ``(T, K)``.

    Returns:
        ``(T, K, D)``, a new array of the same type.
    """
    bridged, seen = bridge_missing(keypoints, weight, np.arange(len(keypoints))), weight > 0
    middles = (bridged * seen[..., None]).sum(1, keepdims=True) / np.maximum(seen.sum(1)[:, None, None], 1)
    return np.where(seen.any(0)[:, None], bridged, middles).astype(keypoints.dtype)
