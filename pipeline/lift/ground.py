"""Feet that stand still: the root is led so that a foot on the ground neither slides nor sinks."""

from typing import Optional, Tuple

import numpy as np

from pipeline.lift.body import LEFT_ANKLE, RIGHT_ANKLE

# m/s: an ankle slower than this, across the line of sight, may stand; how gradually that is decided
STANDING_SPEED, SPEED_SLOPE = 0.25, 0.06
# m: an ankle that much above the other one (in the picture) does not stand; how gradually
LIFTED, LIFTED_SLOPE = 0.12, 0.03
#: seconds in which the root goes back to where the picture says it is
RETURN_SECONDS = 0.4


class StandingFeet:
    """Leads the root of one track, frame by frame. Assumes a camera that does not move."""

    def __init__(self) -> None:
        self._before: Optional[Tuple[np.ndarray, np.ndarray, np.ndarray, float]] = None

    def lead(self, joints: np.ndarray, root: np.ndarray, times: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """Take the next frames of the track.

        Args:
            joints: ``(T, 17, 3)`` m relative to the root, in the camera's frame.
            root: ``(T, 3)`` m, measured.
            times: ``(T,)`` seconds.

        Returns:
            root: ``(T, 3)`` m, led.
            contact: ``(T, 2)`` in 0..1, how likely the left and the right foot stand.
        """
        led, contacts = np.empty_like(root), np.zeros((len(root), 2))
        for t, (pose, measured, time) in enumerate(zip(joints, root, times)):
            feet = pose[[LEFT_ANKLE, RIGHT_ANKLE]]
            if self._before is None:
                led[t] = measured
            else:
                old_feet, old_measured, old_led, old_time = self._before
                passed = max(time - old_time, 1e-6)
                moved = (feet + measured - old_feet - old_measured) / passed
                # depth trembles ten times as much as what is seen across
                speed = np.hypot(np.linalg.norm(moved[:, :2], axis=1), 0.3 * moved[:, 2])
                above = feet[:, 1].max() - feet[:, 1]
                contacts[t] = _falling(speed, STANDING_SPEED, SPEED_SLOPE) * _falling(above, LIFTED, LIFTED_SLOPE)
                hold = contacts[t].max()
                if hold > 1e-3:
                    held = -(contacts[t] @ (feet - old_feet)) / contacts[t].sum()
                else:
                    held = np.zeros(3)
                step = hold * held + (1 - hold) * (measured - old_measured)
                back = (measured - old_led - step) * min(passed / RETURN_SECONDS, 1.0)
                led[t] = old_led + step + back
            self._before = feet, measured, led[t], float(time)
        return led, contacts


def _falling(values: np.ndarray, middle: float, slope: float) -> np.ndarray:
    return 1 / (1 + np.exp(np.clip((values - middle) / slope, -50, 50)))
