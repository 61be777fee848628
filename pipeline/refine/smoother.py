"""Run a whole track through a smoother at once."""

from typing import List

import numpy as np

from pipeline.protocols import Smoother


def smooth_track(smoother: Smoother, keypoints: np.ndarray, scores: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Smooth a whole track, pose by pose as the stream does; the same numbers.

    Args:
        keypoints: ``(T, K, 2)`` px.
        scores: ``(T, K)`` in 0..1.
        times: ``(T,)`` seconds.

    Returns:
        ``(T, K, 2)`` px.
    """
    track = smoother.open()
    poses: List[np.ndarray] = []
    for pose in zip(keypoints, scores, times):
        poses += track.push(*pose)
    poses += track.close()
    return np.stack(poses)[..., : keypoints.shape[-1]] if poses else np.zeros_like(keypoints)
