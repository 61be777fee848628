"""The rule for stamps of sound, as a table."""

from fractions import Fraction

import pytest

from pipeline.types import FileClock
from pipeline.video.sound_clock import SoundClock

NO = None
HOUR = 3600_000
PLAIN = list(range(0, 200, 20))


def row(name, stamps, expected, broken=True, shifts=(0,), end=10_000, origin=0):
    return pytest.param(stamps, expected, broken, shifts, end, origin, id=name)


@pytest.mark.parametrize(
    'stamps, expected, broken, shifts, end, origin',
    [
        row('as it should be', PLAIN, PLAIN, 0),
        row('rounded to milliseconds', [0, 21, 43, 64, 85], [0, 21, 43, 64, 85], False),
        row('begins before the pictures', [-60, -40, -20, 0], [-60, -40, -20, 0], False),
        row('pictures begin late on the clock', [960, 980, 1000, 1020], [-40, -20, 0, 20], False, origin=1000),
        row('a pause', [0, 20, 5000, 5020], [0, 20, 5000, 5020], False),
        row('a pause of the pictures too', [0, 20, HOUR, HOUR + 20], [0, 20, HOUR, HOUR + 20], False, end=HOUR + 2000),
        row('doubled', [0, 20, 20, 60, 80], [0, 20, 40, 60, 80]),
        row('missing', [0, 20, NO, 60, NO, NO, 120], [0, 20, 40, 60, 80, 100, 120], True),
        row('all missing', [NO] * 3, [0, 20, 40], True),
        row('one is ahead by hours', [0, 20, HOUR, 60, 80], [0, 20, 40, 60, 80], True),
        row('ahead by hours for good', [0, 20, HOUR, HOUR + 20], [0, 20, 40, 60]),
        row('begins hours ahead', [HOUR, HOUR + 20], [0, 20]),
        row('begins hours before', [-HOUR, -HOUR + 20], [0, 20]),
        row('back for good', [5000, 5020, 0, 20, 40], [5000, 5020, 5040, 5060, 5080]),
        row('back by less than a second', [500, 520, 540, 200, 220, 240], [500, 520, 540, 560, 580, 600]),
        row('one back by less than a second', [500, 520, 540, 200, 580, 600], [500, 520, 540, 560, 580, 600]),
        row('two recordings joined', [*PLAIN, *PLAIN], [*PLAIN, *range(210, 410, 20)], True, (0, 210)),
        row('their sound reaches over', [*PLAIN, *PLAIN], [*PLAIN, NO, *range(190, 370, 20)], True, (0, 170)),
        row('one far back', [0, 20, 40, -HOUR, 80, 100], [0, 20, 40, 60, 80, 100], True),
    ],
)
def test_sound_keeps_its_place_or_goes_on(stamps, expected, broken, shifts, end, origin):
    def seconds(value):
        return Fraction(value, 1000)

    clock = SoundClock(FileClock(seconds(origin), tuple(map(seconds, shifts)), float(seconds(end))))
    times = [clock.place(None if s is None else seconds(s), Fraction(1, 50)) for s in stamps]
    assert [None if t is None else round(1000 * t) for t in times] == expected
    assert bool(clock.faults) == broken
    kept = [t for t in times if t is not None]
    assert kept == sorted(set(kept))
