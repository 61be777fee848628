"""A refiner that answers in time is chosen, and what cannot is refused with the time that it takes."""

import math
from fractions import Fraction

import pytest

from pipeline.errors import InputError
from pipeline.refine import build_refiner
from pipeline.refine.within import refiner_within
from pipeline.skeletons import load_skeleton


@pytest.mark.parametrize(
    'seconds, fps, kind',
    [(2.0, 30, 'hanet'), (0.7, 30, 'gaussian'), (0.2, 30, 'one-euro'), (0.3, 60, 'gaussian'), (1.0, 60, 'hanet')],
)
def test_the_best_that_is_in_time(seconds, fps, kind):
    options = refiner_within(seconds, Fraction(fps))
    assert options['type'] == kind
    # one frame is held back because it may be the last, one is being drawn
    frames = build_refiner(options, load_skeleton('coco'), 'cpu').latency(fps) + 2
    assert frames <= math.floor(seconds * fps + 1e-9) and options['max_gap'] <= 0.3


def test_with_time_enough_gaps_are_bridged_as_usual():
    assert refiner_within(5.0, Fraction(30)) == dict(type='hanet')
    assert refiner_within(5.0, Fraction(30), 'hanet:max_gap=0.5')['max_gap'] == 0.5


def test_a_refiner_that_was_named_stays_and_bridges_less():
    assert refiner_within(0.2, Fraction(30), 'one-euro:beta=0.1') == dict(type='one-euro', beta=0.1, max_gap=0.1)
    assert refiner_within(2.0, Fraction(30), 'one-euro:max_gap=0.2')['max_gap'] == 0.2


@pytest.mark.parametrize(
    'seconds, fps, wanted, said',
    [
        (
            0.05,
            30,
            None,
            '--latency 0.05: at 30 frames per second refiner one-euro answers after 0.10 s at the soonest',
        ),
        (0.2, 30, 'hanet', 'refiner hanet answers after 1.6. s; leave --refiner out to have one chosen'),
    ],
)
def test_what_cannot_is_refused_with_the_time_that_it_takes(seconds, fps, wanted, said):
    with pytest.raises(InputError, match=said):
        refiner_within(seconds, Fraction(fps), wanted)


def test_frames_that_are_not_analysed_take_time_too():
    assert refiner_within(0.3, Fraction(30), every=1)['max_gap'] > refiner_within(0.3, Fraction(30), every=3)['max_gap']
