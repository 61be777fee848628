"""Windows of a 2D track to 3D: resample, lift, refine, smooth, place before the camera, resample back."""

from pathlib import Path
from typing import Optional, Tuple, Union

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator

from pipeline.backends.threads import torch_threads
from pipeline.lift.camera import PinholeCamera
from pipeline.lift.refining import SpaceRefiner
from pipeline.lift.root import at_depth, place
from pipeline.refine.polish import polish

#: seconds, how far the fits behind the lifter reach: of the pose, and of the distance, which trembles more
POSE_SIGMA, DEPTH_SIGMA = 0.1, 0.25
#: m, of the bodies that the lifter knows: those that training makes of motion capture are as tall
STATURE = 1.7
NEAREST = 0.3  # m before the camera
_MOST_STEPS = 50  # of the lifter's rate between two frames, on average


class Lifting:
    """A lifter with what it needs to know of camera and person.

    Args:
        lifter: a :class:`pipeline.networks.lifters.temporal_lifter.TemporalLifter`.
        camera: that sees the keypoints.
        height: of the person in m; all lengths follow it.
        mirrored: average with mirrored keypoints, which takes twice as long.
        pose_sigma, depth_sigma: seconds, of smoothing; 0 for none.
        refiner: of lifted poses, before they are smoothed; None for none.
    """

    def __init__(
        self,
        lifter,
        camera: PinholeCamera,
        height: float = STATURE,
        mirrored: bool = True,
        pose_sigma: float = POSE_SIGMA,
        depth_sigma: float = DEPTH_SIGMA,
        refiner: Optional[SpaceRefiner] = None,
    ):
        self.lifter, self.camera, self.height, self.mirrored = lifter, camera, height, mirrored
        self.pose_sigma, self.depth_sigma, self.refiner = pose_sigma, depth_sigma, refiner

    def __call__(self, keypoints: np.ndarray, scores: np.ndarray, times: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """Lift a piece of one track.

        Args:
            keypoints: ``(T, K, 2)`` px.
            scores: ``(T, K)`` in 0..1.
            times: ``(T,)`` seconds, growing.

        Returns:
            joints: ``(T, J, 3)`` m relative to the root, in the camera's frame (x right, y down, z ahead).
            root: ``(T, 3)`` m from the camera.
        """
        rays = self.camera.rays(keypoints)
        even, even_rays, even_scores = evenly(rays, scores, times, self.lifter.rate)
        with torch_threads(1):
            joints = self.lifter.lift(even_rays, even_scores, self.mirrored)
        if self.refiner is not None:
            joints = self.refiner(joints, even_scores, even)
        joints = joints * (self.height / STATURE)
        joints = smooth(joints.astype(np.float64), even, self.pose_sigma)
        weights = np.maximum(even_scores, 0.02) ** 2
        depth = place(joints, even_rays, weights)[:, 2]
        depth = np.where(np.isfinite(depth), np.maximum(depth, NEAREST), np.nan)
        depth = np.exp(smooth(np.log(_without_gaps(depth)), even, self.depth_sigma))
        root = at_depth(joints, even_rays, weights, depth)
        root[:, :2] = smooth(root[:, :2], even, self.pose_sigma)
        return _at(even, joints, times), _at(even, root, times)


def load_lifter(path: Union[str, Path], device: str = 'cpu'):
    """The lifter in a file that training wrote.

    Raises:
        InputError: if it is none.
    """
    from pipeline.backends.checkpoint import load_model  # torch only where a network is wanted
    from pipeline.networks.lifters.temporal_lifter import TemporalLifter

    return load_model(path, TemporalLifter, device)[0]


def evenly(
    rays: np.ndarray, scores: np.ndarray, times: np.ndarray, rate: float
) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times ``rate`` a second from the first to the last, and rays and scores there.

    Faster tracks are read between two frames; slower ones along a curve without overshoot. Pictures that are seconds
    apart on average are no motion, and are given as they are.
    """
    steps = max(int(np.ceil((times[-1] - times[0]) * rate - 1e-6)), 1)
    if len(times) < 2 or steps > _MOST_STEPS * len(times):
        return times, rays, scores
    even = times[0] + np.arange(steps + 1) / rate
    read = PchipInterpolator(times, np.concatenate([rays, scores[..., None]], -1), axis=0)
    both = read(np.minimum(even, times[-1])).astype(np.float32)
    return even, both[..., :2], np.clip(both[..., 2], 0, 1)


def _at(even: np.ndarray, values: np.ndarray, times: np.ndarray) -> np.ndarray:
    if len(even) < 2:
        return np.repeat(values, len(times), axis=0)
    return CubicSpline(even, values, axis=0, bc_type='natural')(times)


def smooth(values: np.ndarray, times: np.ndarray, sigma: float) -> np.ndarray:
    """Values ``(T, ...)`` as :func:`pipeline.refine.polish.polish` smooths them; a sigma of 0 s changes nothing."""
    if not sigma or len(times) < 3:
        return values
    flat = values.reshape(1, len(values), -1, 1)
    return polish(flat, np.ones(flat.shape[:3]), times[None], sigma)[0].reshape(values.shape)


def _without_gaps(values: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    if not known.any():
        return np.full(len(values), 4.0)  # nothing tells; anywhere before the camera
    frames = np.arange(len(values))
    return np.interp(frames, frames[known], values[known])
