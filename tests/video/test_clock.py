"""The rule by which stamps become times, as a table."""

from fractions import Fraction

import numpy as np
import pytest

from pipeline.video.clock import MISSING, shown_times

NO = MISSING
MS = Fraction(1, 1000)
HOUR = 3_600_000
PLAIN = list(range(0, 400, 40))  # ten pictures at 25 per second


def replaced(values, **changes):
    values = list(values)
    for place, value in changes.items():
        values[int(place[1:])] = value
    return values


TABLE = [
    # what is right stays as it is
    ('constant', PLAIN, PLAIN),
    ('variable', [0, 33, 400, 410, 2000, 2040], [0, 33, 400, 410, 2000, 2040]),
    ('a single picture', [7000], [7000]),
    ('a picture in ten hours', [0, 10 * HOUR, 20 * HOUR], [0, 10 * HOUR, 20 * HOUR]),
    ('a pause of two hours', [0, 40, 80, 2 * HOUR, 2 * HOUR + 40], [0, 40, 80, 2 * HOUR, 2 * HOUR + 40]),
    # one stamp is wrong
    ('doubled', replaced(PLAIN, _4=120), PLAIN),
    ('doubled, no hole behind it', [0, 40, 40, 80, 120, 160], [0, 40, 60, 80, 120, 160]),
    ('tripled', replaced(PLAIN, _4=120, _5=120), PLAIN),
    ('doubled before a pause', [0, 40, 80, 80, HOUR, HOUR + 40], [0, 40, 80, 120, HOUR, HOUR + 40]),
    ('missing', replaced(PLAIN, _4=NO), PLAIN),
    ('the first missing', replaced(PLAIN, _0=NO), [0, *PLAIN[1:]]),
    ('the last missing', replaced(PLAIN, _9=NO), PLAIN),
    ('two missing', replaced(PLAIN, _4=NO, _5=NO), PLAIN),
    ('runs back', replaced(PLAIN, _6=80), PLAIN),
    ('runs back before everything', replaced(PLAIN, _6=-99999), PLAIN),
    ('the last runs back', replaced(PLAIN, _9=40), PLAIN),
    ('runs ahead by hours', replaced(PLAIN, _3=9 * HOUR), PLAIN),
    ('runs ahead by days', replaced(PLAIN, _3=99 * HOUR), PLAIN),
    ('three run ahead', replaced(PLAIN, _3=HOUR, _4=HOUR + 40, _5=HOUR + 80), PLAIN),
    # the clock is set anew
    ('two recordings joined', PLAIN + PLAIN, list(range(0, 800, 40))),
    ('three joined', PLAIN * 3, list(range(0, 1200, 40))),
    ('set back', [9000 + t for t in PLAIN] + [100 + t for t in PLAIN], list(range(9000, 9800, 40))),
    ('ahead by two days', PLAIN + [48 * HOUR + t for t in PLAIN], list(range(0, 800, 40))),
]


@pytest.mark.parametrize('stamps, expected', [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_pictures_stored_as_shown(stamps, expected):
    stamps = np.array(stamps, np.int64)
    times = shown_times(stamps, stamps, MS, reorders=False)
    assert times.origin + times.ticks == pytest.approx(expected)
    assert times.order.tolist() == list(range(len(stamps)))
    assert times.repaired == (stamps.tolist() != expected)


# three B-frames: 0 4 2 1 3, 8 6 5 7, …
STORED = [0, 4, 2, 1, 3, 8, 6, 5, 7, 12, 10, 9, 11]


@pytest.mark.parametrize(
    'change, lost',
    [({}, None), ({'_7': NO}, 5), ({'_5': NO}, 8), ({'_6': 4 * 40}, None), ({'_6': 90 * HOUR}, None)],
)
@pytest.mark.parametrize('recordings', [1, 2])
def test_pictures_stored_out_of_order(change, lost, recordings):
    count = len(STORED)
    shown = [40 * place for place in STORED] * recordings
    stored = [40 * k - 80 for k in range(count)] * recordings
    if '_6' in change:  # a stamp of showing that is wrong is one of storing too in many containers
        stored[6] = change['_6']
    times = shown_times(np.array(replaced(shown, **change)), np.array(stored), MS, reorders=True)
    assert len(set(times.order.tolist())) == count * recordings
    assert times.ticks[0] == 0 and times.ticks[-1] == pytest.approx(40 * (count * recordings - 1), abs=41)
    assert (np.diff(times.ticks) > 0).all() and np.diff(times.ticks).max() <= 81
    if not change:
        assert times.order.tolist() == [place + r * count for r in range(recordings) for place in STORED]
        assert times.ticks.tolist() == [40 * i for i in range(count * recordings)]
    assert times.repaired == bool(change or recordings > 1)


def test_what_was_added_to_the_clock_is_told():
    stamps = np.array([1000 + t for t in PLAIN] + PLAIN)
    assert shown_times(stamps, stamps, MS, False).shifts == (0, 1400)


@pytest.mark.parametrize(
    'stamps', [[NO] * 6, [0] * 6, [0, NO, NO, NO, NO, 40], [5, 5, 5, 5, 6, 6], [0, 30 * HOUR, 60 * HOUR]]
)
def test_without_a_clock_there_is_none(stamps):
    stamps = np.array(stamps, np.int64)
    assert shown_times(stamps, stamps, MS, False) is None


@pytest.mark.parametrize('seed', range(30))
def test_any_stamps_give_each_picture_a_time_of_its_own(seed):
    rng = np.random.default_rng(seed)
    stamps = np.cumsum(rng.integers(-3, 100, 200))
    stamps[rng.random(200) < 0.2] = MISSING
    wild = rng.random(200) < 0.05
    stamps[wild] = rng.integers(-(2**62), 2**62, wild.sum())
    times = shown_times(stamps, np.roll(stamps, int(rng.integers(3))), Fraction(1, 90000), bool(seed % 2))
    assert sorted(times.order) == list(range(200))
    assert (np.diff(times.ticks) > 0).all()


def test_a_pause_before_the_last_picture_is_kept_though_it_is_stored_before_others():
    """As x264 stores six pictures on one core: the last one, 0.8 s later, is decoded before the two in front of it."""
    shown = np.array([0, 10, 50, 1000, 51, 200])
    stored = np.array([MISSING, MISSING, 0, 10, 50, 51])
    times = shown_times(shown, stored, Fraction(1, 1000), reorders=True)
    assert times.ticks.tolist() == [0, 10, 50, 51, 200, 1000] and not times.repaired
