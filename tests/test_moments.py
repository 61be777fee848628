from fractions import Fraction

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.moments import Moment, frame_range, parse_moment, parse_rate


@pytest.mark.parametrize(
    'text, expected',
    [
        ('12.5', Moment(12.5)),
        ('12.5s', Moment(12.5)),
        (' 3 ', Moment(3.0)),
        ('.5', Moment(0.5)),
        ('1:02.5', Moment(62.5)),
        ('1:01:01', Moment(3661.0)),
        ('300f', Moment(300, True)),
        ('0f', Moment(0, True)),
        (7, Moment(7.0)),
        (0.25, Moment(0.25)),
        (Moment(4, True), Moment(4, True)),
        (None, None),
    ],
)
def test_reads_seconds_clocks_and_frames(text, expected):
    assert parse_moment(text) == expected


@pytest.mark.parametrize('text', ['', 'soon', '-3', '1.5f', '-4f', '1:2:3:4', 'nan', -1, float('nan'), float('inf')])
def test_refuses_what_is_no_moment(text):
    with pytest.raises(InputError, match='not a moment'):
        parse_moment(text)


def test_range_includes_start_and_excludes_end():
    times = np.arange(100) / 29.97
    assert frame_range('v', times, None, None) == (0, 100)
    assert frame_range('v', times, Moment(1.0), Moment(2.0)) == (30, 60)
    assert frame_range('v', times, Moment(10, True), Moment(11, True)) == (10, 11)
    assert frame_range('v', times, None, Moment(1000.0)) == (0, 100)


def test_a_frame_is_found_at_its_own_time_in_spite_of_rounding():
    times = np.arange(1000) / (30000 / 1001)
    for i in range(1000):
        assert frame_range('v', times, Moment(round(i * 1001 / 30000, 6)), None)[0] == i


@pytest.mark.parametrize(
    'start, end, message',
    [
        (Moment(3.4), None, 'cannot start at 3.4 s: it has 100 frames'),
        (Moment(100, True), None, 'cannot start at 100f'),
        (Moment(2.0), Moment(2.0), 'no frame lies between'),
        (Moment(20, True), Moment(10, True), 'between start 20f and end 10f'),
        (None, Moment(0, True), 'between start 0 s and end 0f'),
    ],
)
def test_an_empty_range_is_an_error_that_says_what_there_is(start, end, message):
    with pytest.raises(InputError, match=message):
        frame_range('v.mp4', np.arange(100) / 30, start, end)


@pytest.mark.parametrize(
    'text, expected',
    [
        ('1/3600', Fraction(1, 3600)),  # a picture an hour
        ('0.0004', Fraction(1, 2500)),
        ('1/1500', Fraction(1, 1500)),
        (0.1, Fraction(1, 10)),
        ('0.37', Fraction(37, 100)),
        (30000 / 1001, Fraction(30000, 1001)),
        ('29.97', Fraction(2997, 100)),
    ],
)
def test_rates_are_simple_fractions_and_slow_ones_never_0(text, expected):
    assert parse_rate(text) == expected
