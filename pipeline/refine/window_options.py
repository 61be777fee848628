"""How a network runs over a track: the parameters of ``--refiner hanet:NAME=VALUE`` and of presets."""

from dataclasses import dataclass
from typing import Any, Optional

from pipeline.errors import InputError


@dataclass(frozen=True)
class WindowOptions:
    """Options of :class:`pipeline.refine.network.NetworkSmoother`.

    Attributes:
        overlap: windows that answer for each frame, 1 to the window's length; more is smoother and slower.
        polish: sigma in seconds of the Gaussian that takes what still trembles from the network's answers
            (:func:`pipeline.refine.polish.steady`); 0 for none.
        rate: frames per second from whose multiples on a network that is told the rate sees every second, third or
            fourth frame at a time, so that its windows last as long at any rate; 0: always every frame.
        sides: repair left-right inversions that come and go with a jump, and take back those that only the network
            makes (:mod:`pipeline.refine.sides`); of poses in pictures only.
        mirror: refine each window's mirror image too (left and right joints exchanged) and average
            both answers: twice the time.
        step: frames between windows, in place of ``overlap``.
        partial: joints that the refiner knows and the poses lack are put where
            :data:`pipeline.refine.network.MIDDLES` says, or count as not seen, instead of being refused.
        threads: torch threads for one window, 0 for all that torch takes; such small matrices gain nothing
            from more than one, which would wait for cores that other stages use.

    Raises:
        InputError: for a value that is not allowed.
    """

    overlap: int = 2
    polish: float = 0.06
    rate: float = 30.0
    sides: bool = True
    mirror: bool = False
    step: Optional[int] = None
    partial: bool = False
    threads: Optional[int] = 1

    def __post_init__(self):
        if self.threads is not None and not (isinstance(self.threads, int) and 0 <= self.threads <= 1024):
            raise InputError(
                f'threads is {self.threads!r}: must be a whole number from 0 (all that torch takes) to 1024'
            )
        for name in ('partial', 'mirror', 'sides'):
            if not isinstance(getattr(self, name), bool):
                raise InputError(f'{name} is {getattr(self, name)!r}: must be True or False')
        if not (_is_number(self.polish) and 0 <= self.polish <= 1):
            raise InputError(f'polish is {self.polish!r}: must be seconds from 0 (none) to 1')
        if not (_is_number(self.rate) and 0 <= self.rate < float('inf')):
            raise InputError(f'rate is {self.rate!r}: must be frames per second from 0 (every frame) up')

    def step_of(self, window: int) -> int:
        """Frames between windows of ``window`` frames.

        Raises:
            InputError: if ``overlap`` or ``step`` is not within 1..window.
        """
        for name in ('overlap', 'step'):
            value = getattr(self, name)
            # True is no number here
            if not (type(value) is int and 1 <= value <= window) and not (name == 'step' and value is None):
                raise InputError(f'{name} is {value!r}: windows of {window} frames allow 1 to {window}')
        return self.step or max(window // self.overlap, 1)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


#: As every refiner runs unless something else is asked for.
AS_SHIPPED = WindowOptions()
