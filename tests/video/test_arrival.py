"""Arrivals of any kind become even times that keep to the clock on the wall."""

import numpy as np
import pytest

from pipeline.video.arrival import EvenClock


def times_of(arrivals):
    clock = EvenClock()
    return np.array([clock(arrival) for arrival in arrivals])


def test_steady_arrivals_are_kept():
    arrivals = 7 + np.arange(50) / 10
    assert times_of(arrivals) == pytest.approx(arrivals - 7, abs=1e-9)


@pytest.mark.parametrize('rate', [2, 10, 30])
@pytest.mark.parametrize('seed', range(5))
def test_jitter_is_evened_out(rate, seed):
    even = np.arange(300) / rate
    late = np.random.default_rng(seed).exponential(0.3 / rate, 300).clip(max=1 / rate)
    times = times_of(even + late)
    errors = times - even - np.mean(late)
    assert errors[30:].std() < 0.6 * late.std()
    assert np.diff(times)[30:].std() < 0.35 * np.diff(even + late)[30:].std()
    assert times[-1] == pytest.approx(even[-1], abs=1.1 / rate)


def test_pictures_that_arrive_together_are_spread():
    arrivals = np.repeat(np.arange(40) / 5, 2)  # two at a time: ten per second
    times = times_of(arrivals)
    assert (np.diff(times) > 0).all()
    assert np.diff(times)[20:] == pytest.approx(0.1, abs=0.03) and times[-1] == pytest.approx(7.8, abs=0.15)


def test_a_pause_is_kept():
    arrivals = np.concatenate([np.arange(20) / 10, 60 + np.arange(20) / 10])
    times = times_of(arrivals)
    assert times == pytest.approx(arrivals, abs=0.01)


def test_a_change_of_rate_is_followed():
    arrivals = np.concatenate([np.arange(50) / 30, 50 / 30 + np.arange(100) / 8])
    times = times_of(arrivals)
    assert np.abs(times - arrivals).max() < 0.3 and times[-1] == pytest.approx(arrivals[-1], abs=0.02)


def test_times_never_run_back():
    arrivals = np.cumsum(np.random.default_rng(0).exponential(0.5, 500) ** 3)
    assert (np.diff(times_of(arrivals)) > 0).all()
