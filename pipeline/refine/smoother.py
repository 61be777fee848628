"""What a refiner does to one track: poses go in one by one, smooth poses come out in order.

A :class:`Smoother` is shared by all tracks; it opens a :class:`TrackSmoother`
for each. Coordinates stay in pixels and every pose that goes in comes out once.
"""

from typing import List, Protocol

import numpy as np


class TrackSmoother(Protocol):
    """The state of one track."""

    def push(self, keypoints: np.ndarray, scores: np.ndarray, time: float) -> List[np.ndarray]:
        """Add one pose and return those that are final now.

        Args:
            keypoints: ``(K, 2)`` px.
            scores: ``(K,)`` in 0..1; 0 means that the joint was not seen.
            time: seconds; must grow from call to call.

        Returns:
            ``(K, 2)`` px arrays, oldest first; empty while more frames are needed.
        """

    def close(self) -> List[np.ndarray]:
        """End the track and return all poses that are still held back."""


class Smoother(Protocol):
    """A way to smooth tracks.

    Attributes:
        lookahead: how many later frames a pose may wait for.
    """

    @property
    def lookahead(self) -> int: ...

    def open(self) -> TrackSmoother:
        """State for a new track."""


def smooth_track(smoother: Smoother, keypoints: np.ndarray, scores: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Smooth a whole track at once; the same numbers as in the stream.

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
    return np.stack(poses) if poses else np.zeros_like(keypoints)
