"""Times of pictures that carry none: when they arrived, without the jitter of networks and drivers."""

from typing import Optional

_PAUSE = 1.0  # seconds, and three pictures: one that is off its place by more is not late, but after a pause
_SMOOTHING = 0.2  # how far times follow arrivals in the long run: half of a change within about 4 pictures


class EvenClock:
    """Fits a steady rate to arrivals: all of them count at first, then the last dozen (an alpha-beta filter)."""

    def __init__(self):
        self._began: Optional[float] = None
        self._time = self._step = 0.0
        self._count = 0

    def __call__(self, arrival: float) -> float:
        """Seconds since the first picture, later than those of the one before.

        Args:
            arrival: seconds on any steady clock.
        """
        if self._began is None:
            self._began, self._count = arrival, 1
            return 0.0
        late = arrival - self._began - (self._time + self._step)
        self._count += 1
        if abs(late) > max(_PAUSE, 3 * self._step):
            self._time = max(arrival - self._began, self._time + self._step)
            return self._time
        n = self._count
        follow = max(2 * (2 * n - 1) / (n * (n + 1)), _SMOOTHING)
        adapt = max(6 / (n * (n + 1)), _SMOOTHING**2 / (2 - _SMOOTHING))
        # never back, however early it comes
        self._time += max(self._step + follow * late, self._step / 10, 1e-3)
        self._step = max(self._step + adapt * late, 0.0)
        return self._time
