"""Where each packet of sound belongs in time, whatever is wrong with its stamps."""

from fractions import Fraction
from typing import Optional

from pipeline.types import FileClock

_JITTER = Fraction(1, 10)  # seconds by which stamps may be off their place: rounding, lost packets
_OVERLAP = 1  # second by which one recording's sound may reach into the next one's
_LEAD = 30  # seconds of sound that there may be before the first picture
_UNKNOWN = Fraction(1, 50)  # seconds that a packet lasts which does not say


class SoundClock:
    """Turns time stamps of sound packets, in their order, into seconds since the first picture.

    A stamp that can be right is kept, pauses too. Sound whose clock runs on with that of the pictures where
    both are set anew (joined recordings) stays with them; what then lies over sound that is there already is cut.
    Any other jump, back or to behind the last picture, is taken out: the sound goes on where it was.

    Args:
        clock: of the pictures.

    Attributes:
        faults: stamps so far that could not be right.
        end: seconds at which the sound so far ends.
    """

    def __init__(self, clock: FileClock):
        self._clock, self._shift = clock, clock.shifts[0]
        self._latest: Optional[Fraction] = None  # where the packet before was put
        self.end = Fraction(0)
        self.faults = 0

    def place(self, stamp: Optional[Fraction], duration: Fraction) -> Optional[Fraction]:
        """When a packet is heard, later than the one before; None if it is to be left out.

        Args:
            stamp: seconds on the file's clock, None if it has none.
            duration: seconds, 0 if unknown.
        """
        duration = duration if duration > 0 else _UNKNOWN
        time = self.end if stamp is None else self._believed(stamp)
        self.faults += stamp is None
        if self._latest is not None and time <= self._latest:
            self.faults += 1
            if time < self._latest:
                return None
            time = self.end
        self._latest, self.end = time, time + duration
        return time

    def _believed(self, stamp: Fraction) -> Fraction:
        since = stamp - self._clock.origin
        time = since + self._shift
        if self._latest is None:
            fits = -_LEAD <= time <= self._clock.end
        else:
            fits = -_JITTER <= time - self.end and (time <= self._clock.end or time - self.end <= _JITTER)
        if fits:
            return time
        self.faults += 1
        self._shift = min(self._clock.shifts, key=lambda shift: abs(since + shift - self.end))
        if abs(since + self._shift - self.end) > _OVERLAP:
            self._shift = self.end - since
        return since + self._shift
