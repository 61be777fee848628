"""Read a camera from Pose2Sim's calibration file (TOML).

    [cam_01]
    name = "cam_01"
    size = [ 1080.0, 1920.0]
    matrix = [ [ 1681.2, 0.0, 539.5], [ 0.0, 1681.1, 959.5], [ 0.0, 0.0, 1.0]]
    distortions = [ -0.05, 0.1, 0.0, 0.0]
    rotation = [ 1.2, 1.1, -1.0]
    translation = [ 0.3, 1.0, 2.9]

``rotation`` is a Rodrigues vector, ``translation`` is in metres, both from the world (z up, floor at z = 0) to the
camera.
"""

import sys
from pathlib import Path
from typing import Any, Tuple

import cv2
import numpy as np

from pipeline.errors import InputError
from pipeline.kinematics.metres import Camera, looks_straight_down

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # MMEngine's yapf brings it

_LARGEST = 1 << 20  # bytes; a file of a hundred cameras has 50 kB


def read_calibration(path: Path, video: str, size: Tuple[int, int]) -> Camera:
    """The camera that filmed a video: the only one of the file, or the one named as the video is.

    Args:
        video: its name, without folder and ending.
        size: width and height of its pictures in px.

    Raises:
        InputError: if the file cannot be read, has no such camera, or one of pictures of another shape, or one that
            looks straight down.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(f'{path}: too large for a calibration file')
        content = tomllib.loads(path.read_text(encoding='utf-8'))
    except OSError as error:
        raise InputError(f'{path}: cannot be read ({error.strerror})') from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f'{path}: not a readable calibration file ({" ".join(str(error).split())})') from error
    cameras = {key: value for key, value in content.items() if isinstance(value, dict) and 'matrix' in value}
    named = {key: value for key, value in cameras.items() if video in (key, value.get('name'))} or cameras
    if len(named) != 1:
        raise InputError(
            f'{path}: no camera is called {video!r}, as the video is: there are {", ".join(cameras) or "none"}'
        )
    (key, values), *_ = named.items()
    vector = _numbers(path, key, values, 'rotation', (3,))
    matrix, calibrated = _numbers(path, key, values, 'matrix', (3, 3)), _numbers(path, key, values, 'size', (2,))
    if not (calibrated > 0).all() or not (np.diag(matrix) > 0).all() or np.tril(matrix, -1).any():
        raise InputError(f'{path}: {key}: size and the diagonal of matrix must be over 0, and what is below it 0')
    ratio = np.array(size) / calibrated
    if not np.isclose(ratio[0], ratio[1], rtol=0.01):
        raise InputError(
            f'{path}: camera {key} has pictures of {calibrated[0]:g} x {calibrated[1]:g} px, the video of '
            f'{size[0]} x {size[1]}'
        )
    translation = _numbers(path, key, values, 'translation', (3,))
    distortion = _numbers(path, key, {'distortions': values.get('distortions', [0, 0, 0, 0])}, 'distortions', None)
    camera = Camera(np.diag([*ratio, 1.0]) @ matrix, distortion, cv2.Rodrigues(vector)[0], translation)
    if looks_straight_down(camera):
        raise InputError(f'{path}: {key} looks straight up or down, there is no upright plane that faces it')
    return camera


def _numbers(path: Path, camera: str, values: dict, name: str, shape: Any) -> np.ndarray:
    try:
        array = np.array(values[name], np.float64)
        fits = np.isfinite(array).all() and (array.shape == shape if shape else array.shape in ((4,), (5,), (8,)))
    except (KeyError, TypeError, ValueError):
        fits = False
    if not fits:
        wanted = ' x '.join(map(str, shape)) if shape else '4, 5 or 8'
        raise InputError(f'{path}: {camera}.{name}: {wanted} numbers expected, found {str(values.get(name))[:60]}')
    return array
