"""Where each packet of sound belongs in time, whatever is wrong with its stamps."""

from fractions import Fraction
from typing import List, Optional

from pipeline.types import FileClock

_JITTER = Fraction(1, 10)  # seconds by which stamps may be off their place: rounding, lost packets
_OVERLAP = Fraction(1)  # second by which one recording's sound may reach into the next one's
_LEAD = 30  # seconds of sound that there may be before the first picture
_REMEMBERED = 8  # clocks that may come back
_UNKNOWN = Fraction(1, 50)  # seconds that a packet lasts which does not say


class SoundClock:
    """Turns time stamps of sound packets, in their order, into seconds since the first picture.

    A stamp that can be right is kept, pauses too. Where the clock of the pictures is set anew (joined recordings),
    sound stays with them; what then lies over sound that is there already is cut. Any other jump, back or
    to behind the last picture, is taken out: the sound goes on where it was, until its clock is right again.

    Args:
        clock: of the pictures.

    Attributes:
        faults: stamps so far that could not be right.
        end: seconds at which the sound so far ends.
    """

    def __init__(self, clock: FileClock):
        self._clock, self._shift = clock, clock.shifts[0]
        self._own: List[Fraction] = []  # shifts that only the sound needed
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
            fits = abs(time - self.end) <= _JITTER
            if not fits and self._take_known(since, _JITTER):  # set anew with the pictures', or right again
                self.faults += 1
                return since + self._shift
            fits |= self.end < time <= self._clock.end  # a pause
        if not fits:
            self.faults += 1
            if not self._take_known(since, _OVERLAP):
                self._shift = self.end - since
                self._own = [*self._own[-_REMEMBERED:], self._shift]
        return since + self._shift

    def _take_known(self, since: Fraction, tolerance: Fraction) -> bool:
        """Go on with another shift of the pictures', or of before, that puts the packet where the sound ends."""
        others = [shift for shift in (*self._clock.shifts, *self._own) if shift != self._shift]
        best = min(others, key=lambda shift: abs(since + shift - self.end), default=None)
        if best is None or abs(since + best - self.end) > tolerance:
            return False
        self._shift = best
        return True
