"""The track of one person: motion filter, last observation, and whether it is shown."""

from typing import Optional, Tuple

import numpy as np

from pipeline.tracking.looks import remembered
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
# seconds over which the body's own speed is taken, and after which it has gone on by 63 % of its way once unseen:
# one pose that was wrong at the end must not throw the body across the picture
_COURSE_MEMORY = 0.5
# seconds over which clothes are remembered: light and view change, nobody changes coats
_LOOKS_MEMORY = 2.0
# limbs of COCO's 17 joints whose lengths are compared: upper and lower arms and legs, sides of the torso
_LIMBS = np.array([(5, 7), (7, 9), (6, 8), (8, 10), (11, 13), (13, 15), (12, 14), (14, 16), (5, 11), (6, 12)])
# joints below it say nothing about lengths
_LIMB_SCORE = 0.3


class Track:
    """State of one person between sightings.

    Attributes:
        id: from 1 up, or None while the track is not yet shown.
        start, seen: seconds of the first and last sighting.
        size: px, the square root of the box area, smoothed.
        box_score: of the last sighting.
        score: mean of the person's score, the last second counting most.
        weights: ``(K,)`` keypoint scores of the last sighting.
        looks: ``(LENGTH,)`` memory of clothes (:mod:`pipeline.tracking.looks`), None before the first.
        serial: from 1 up, the track's own number, shown or not.
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
        serial: int = 0,
    ):
        self.id: Optional[int] = None
        self.start = self.seen = time
        self.serial = serial
        self._pose = np.asarray(keypoints, np.float64)
        self._course = np.zeros(2)
        self.looks: Optional[np.ndarray] = None
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
        if since > 0:
            sure = self.weights >= np.median(self.weights)
            speed = np.median((keypoints - self._pose)[sure], axis=0) / since
            self._course += -np.expm1(-since / _COURSE_MEMORY) * (speed - self._course)
        self.seen = time
        self.box_score = float(box_score)
        self.weights = weights
        self._pose = np.asarray(keypoints, np.float64)

    def moved(self, time: float) -> Tuple[np.ndarray, np.ndarray]:
        """The pose last seen ``(K, 2)`` and box ``(4,)`` where the body as a whole is at ``time``.

        For somebody unseen: joints that each go on with their own speed soon tear a body apart.
        """
        shift = self._course * _COURSE_MEMORY * -np.expm1(-max(time - self.seen, 0.0) / _COURSE_MEMORY)
        centre = self._filter.position[-2:].mean(axis=0) + shift
        return self._pose + shift, np.concatenate([centre - self._extent / 2, centre + self._extent / 2])

    def remember(self, looks: np.ndarray, step: float) -> None:
        """Take in how the person looks ``(LENGTH,)``, ``step`` seconds after the last look."""
        self.looks = remembered(self.looks, looks, -np.expm1(-max(step, 0.02) / _LOOKS_MEMORY))

    def stretch(self, keypoints: np.ndarray, weights: np.ndarray) -> float:
        """How much limbs of a pose differ from those last seen: median of ``|log(length ratio)|``.

        0 where fewer than three limbs are known on both sides, or the joints are not COCO's.
        """
        if len(self.weights) != 17:
            return 0.0
        known = (np.minimum(weights, self.weights)[_LIMBS] >= _LIMB_SCORE).all(axis=1)
        if known.sum() < 3:
            return 0.0
        # a limb that points at the camera has hardly a length: a tenth of the body is the least to compare
        lengths = [
            np.linalg.norm(pose[_LIMBS[:, 0]] - pose[_LIMBS[:, 1]], axis=1) + 0.1 * self.size
            for pose in (keypoints, self._pose)
        ]
        return float(np.median(np.abs(np.log(lengths[0] / lengths[1]))[known]))

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
