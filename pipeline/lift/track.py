"""One track, lifted as it comes in: windows of 2D to 3D, settled bones, limbs on their keypoints, standing feet."""

from typing import List, Optional

import numpy as np

from pipeline.lift.body import LengthsOfTrack, bone_lengths, settled
from pipeline.lift.ground import StandingFeet
from pipeline.lift.lifting import Lifting, smooth
from pipeline.lift.limbs import through_keypoints
from pipeline.lift.refining import SpaceRefiner
from pipeline.refine.windows import WindowSmoother, hann_blend

#: seconds: least length of a window, and from one to the next; a frame is answered by four or more
WINDOW_SECONDS, STEP_SECONDS = 1.6, 0.4


def window_frames(fps: float, refiner: Optional[SpaceRefiner] = None) -> int:
    """Frames of a window at ``fps`` frames per second, as many as one of the refiner's has; the track holds back one
    less."""
    return max(round(WINDOW_SECONDS * fps), 4, refiner.frames(fps) if refiner is not None else 0)


class LiftedTrack:
    """Takes the poses of one track and gives them back in 3D, one frame less than a window later at most.

    Args:
        lifting: lifts a piece of a track.
        fps: frames per second.
    """

    def __init__(self, lifting: Lifting, fps: float):
        window = window_frames(fps, lifting.refiner)
        self._lifting = lifting
        self._windows = WindowSmoother(self._lift, window, max(round(STEP_SECONDS * fps), 1), hann_blend(window)).open()
        self._lengths, self._medians = LengthsOfTrack(), np.array([])
        self._feet = StandingFeet()
        self._times: List[float] = []  # of frames without an answer
        self._last = -np.inf  # seconds, of the newest frame

    def push(self, keypoints: np.ndarray, scores: np.ndarray, time: float) -> List[np.ndarray]:
        """Add one pose ``(K, 2)`` px with its scores ``(K,)``; returns the poses ``(17, 3)`` m that are final now."""
        self._times.append(time)
        self._last = time
        return self._finished(self._windows.push(keypoints, scores, time))

    def close(self) -> List[np.ndarray]:
        """End the track; returns all poses that are still held back."""
        return self._finished(self._windows.close())

    def _lift(self, keypoints: np.ndarray, scores: np.ndarray, times: np.ndarray) -> np.ndarray:
        """What windows are made of: the root after the joints, ``(1, T, 18, 3)``."""
        padding = int((times[0] > self._last).sum())  # of a track that is shorter than a window
        keypoints, scores, times = (array[0, : times.shape[1] - padding] for array in (keypoints, scores, times))
        joints, root = self._lifting(keypoints, scores, times)
        self._medians = self._lengths.add(bone_lengths(joints))
        rays = self._lifting.camera.rays(keypoints)
        joints = through_keypoints(joints, root, rays, scores, self._medians)
        joints = smooth(joints, times, self._lifting.pose_sigma)
        answer = np.concatenate([joints, root[:, None]], axis=1)
        return np.concatenate([answer, np.repeat(answer[-1:], padding, axis=0)])[None]

    def _finished(self, answers: List[np.ndarray]) -> List[np.ndarray]:
        if not answers:
            return []
        both = np.stack(answers).astype(np.float64)
        times, self._times = np.array(self._times[: len(both)]), self._times[len(both) :]
        joints = settled(both[:, :-1], self._medians)
        root, _ = self._feet.lead(joints, both[:, -1], times)
        return list((joints + root[:, None]).astype(np.float32))
