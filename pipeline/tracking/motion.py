"""Predict motion: a Kalman filter over the points of one pose.

Every point has a position and a velocity per axis. The velocity fades
exponentially (an Ornstein-Uhlenbeck process driven by random acceleration), so
that someone lost from sight slows down instead of leaving the picture. Time is
in seconds and the transition is exact for any step, so neither the frame rate
nor dropped frames matter. Points that are not seen move with the body: they
take over the mean correction of the seen ones.
"""

from typing import Tuple

import numpy as np


class PointFilter:
    """Constant-velocity Kalman filter with fading velocity over ``K`` points.

    Both axes share one covariance per point.

    Attributes:
        position: ``(K, 2)`` px at ``time``.
        velocity: ``(K, 2)`` px/s at ``time``.
        time: seconds.
    """

    def __init__(self, points: np.ndarray, noise: np.ndarray, time: float, memory: float, speed: float):
        """Args:
        points: ``(K, 2)`` px, the first sighting.
        noise: ``(K,)`` variance of the sighting in px².
        time: of the sighting, in seconds.
        memory: time constant of the velocity in seconds.
        speed: px/s, standard deviation of the unknown first velocity.
        """
        self.position = np.array(points, np.float64)
        self.velocity = np.zeros_like(self.position)
        self.time = time
        self._memory = memory
        self._covariance = np.zeros((len(points), 3))  # var(position), cov, var(velocity)
        self._covariance[:, 0] = noise
        self._covariance[:, 2] = speed**2

    def predict(self, time: float, acceleration: float) -> Tuple[np.ndarray, np.ndarray]:
        """Position at ``time`` and its variance, leaving the filter as it is.

        Args:
            time: seconds, not before the filter's own.
            acceleration: px/s², the strength of the random acceleration.

        Returns:
            ``(K, 2)`` px and ``(K,)`` px².
        """
        position, _, covariance = self._propagate(time, acceleration)
        return position, covariance[:, 0]

    def update(
        self, points: np.ndarray, noise: np.ndarray, weights: np.ndarray, time: float, acceleration: float
    ) -> None:
        """Take in a sighting.

        Args:
            points: ``(K, 2)`` px.
            noise: ``(K,)`` variance of each point in px².
            weights: ``(K,)`` in 0..1: how far each point is seen. The rest of its
                correction comes from the body's mean correction.
            time: seconds, after the last sighting.
            acceleration: px/s², as in :meth:`predict`.
        """
        self.position, self.velocity, covariance = self._propagate(time, acceleration)
        self.time = time
        correction = points - self.position
        total = weights.sum()
        if total > 0:
            body = (weights[:, None] * correction).sum(axis=0) / total
            correction = weights[:, None] * correction + (1 - weights[:, None]) * body
        xx, xv, vv = covariance.T
        gain_x, gain_v = xx / (xx + noise), xv / (xx + noise)
        self.position = self.position + gain_x[:, None] * correction
        self.velocity = self.velocity + gain_v[:, None] * correction
        self._covariance = np.stack([(1 - gain_x) * xx, (1 - gain_x) * xv, vv - gain_v * xv], axis=1)

    def _propagate(self, time: float, acceleration: float):
        step = max(time - self.time, 0.0) / self._memory
        fade = np.exp(-step)
        reach = self._memory * -np.expm1(-step)  # seconds the velocity still acts
        xx, xv, vv = self._covariance.T
        # the velocity's stationary spread is acceleration * memory; exact integrals of the process
        strength = (acceleration * self._memory) ** 2
        noise_xx = strength * self._memory**2 * max(2 * step - 3 + 4 * fade - fade**2, 0.0)
        noise_xv = strength * self._memory * (1 - fade) ** 2
        noise_vv = strength * (1 - fade**2)
        covariance = np.stack(
            [
                xx + 2 * reach * xv + reach**2 * vv + noise_xx,
                fade * (xv + reach * vv) + noise_xv,
                fade**2 * vv + noise_vv,
            ],
            axis=1,
        )
        return self.position + reach * self.velocity, fade * self.velocity, covariance
