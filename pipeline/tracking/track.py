"""One person's track: its filter, what was last seen of it, and whether it is shown."""

from typing import Optional, Tuple

import numpy as np

from pipeline.tracking.motion import PointFilter
from pipeline.tracking.options import TrackerOptions

# Standard deviation of what an estimator says, in units of OKS' fall-off (2 sigma size): estimators
# that reach a COCO AP of 50 to 75 err by about a third of it.
_JOINT_NOISE = 0.35
# of a detector's box corners, in body sizes
_BOX_NOISE = 0.06
# of the speed of someone just found, in body sizes per second: a runner
_FIRST_SPEED = 2.0
# least weight of a joint, so that noise variances stay finite
_LEAST_WEIGHT = 0.05
# seconds over which the body size follows the boxes
_SIZE_MEMORY = 0.5
# seconds over which the mean score is taken
_SCORE_MEMORY = 1.0


class Track:
    """State of one person between sightings.

    Attributes:
        id: from 1 up, or None while the track is not yet shown.
        start, seen: seconds of the first and last sighting.
        size: px, the square root of the box area, smoothed.
        box_score: of the last sighting.
        score: mean of the person's score, the last second counting most.
        weights: ``(K,)`` keypoint scores of the last sighting.
    """

    def __init__(
        self,
        bbox: np.ndarray,
        box_score: float,
        keypoints: np.ndarray,
        weights: np.ndarray,
        score: float,
        time: float,
        sigmas: np.ndarray,
        options: TrackerOptions,
    ):
        self.id: Optional[int] = None
        self.start = self.seen = time
        self.size = _box_size(bbox)
        self.box_score, self.score = float(box_score), float(score)
        self.weights = np.asarray(weights, np.float64)
        self._sigmas = sigmas
        self._agility = options.agility
        self._extent = _extent(bbox)
        self._filter = PointFilter(
            _points(keypoints, bbox), self._noise(weights), time, options.velocity_memory, _FIRST_SPEED * self.size
        )

    def predict(self, time: float) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Keypoints ``(K, 2)``, their variance ``(K,)`` in px² and box ``(4,)`` at ``time``.

        The box moves, but keeps the size that it was last seen with: corners that go on
        alone would soon make it huge, or turn it inside out.
        """
        points, variance = self._filter.predict(time, self._agility * self.size)
        centre = points[-2:].mean(axis=0)
        return points[:-2], variance[:-2], np.concatenate([centre - self._extent / 2, centre + self._extent / 2])

    def update(
        self,
        bbox: np.ndarray,
        box_score: float,
        keypoints: np.ndarray,
        weights: np.ndarray,
        score: float,
        time: float,
        detected: bool,
    ) -> None:
        """Take in a sighting; ``detected`` is False where the box came from :meth:`predict`."""
        weights = np.asarray(weights, np.float64)
        # a carried box says nothing new about itself: it moves with the joints
        corner_weights = np.full(2, float(detected))
        self._filter.update(
            _points(keypoints, bbox),
            self._noise(weights),
            np.concatenate([np.clip(weights, 0, 1), corner_weights]),
            time,
            self._agility * self.size,
        )
        since = max(time - self.seen, 0.0)
        if detected:
            self._extent = _extent(bbox)
            self.size += -np.expm1(-since / _SIZE_MEMORY) * (_box_size(bbox) - self.size)
        self.score += -np.expm1(-since / _SCORE_MEMORY) * (score - self.score)
        self.seen = time
        self.box_score = float(box_score)
        self.weights = weights

    def _noise(self, weights: np.ndarray) -> np.ndarray:
        joints = _JOINT_NOISE * 2 * self._sigmas / np.sqrt(np.clip(weights, _LEAST_WEIGHT, 1))
        return np.square(np.append(joints, (_BOX_NOISE, _BOX_NOISE)) * self.size)


def _points(keypoints: np.ndarray, bbox: np.ndarray) -> np.ndarray:
    return np.concatenate([keypoints, np.reshape(bbox, (2, 2))]).astype(np.float64)


def _extent(bbox: np.ndarray) -> np.ndarray:
    return np.asarray(bbox[2:] - bbox[:2], np.float64)


def _box_size(bbox: np.ndarray) -> float:
    # at least a pixel: degenerate boxes must not stop the arithmetic
    return float(np.sqrt(max((bbox[2] - bbox[0]) * (bbox[3] - bbox[1]), 1.0)))
