"""The watchdog itself: what an input must not do is seen, whichever way it does it."""

import os
import pickle
import signal
import time

import pytest

from pipeline.errors import InputError
from tests.fuzz import watch
from tests.fuzz.watch import Fault, one_thread, watched


def fail(error):
    raise error


def test_an_end_and_a_refusal_are_told_apart():
    assert watched(lambda: None) == (True, '')
    assert watched(lambda: fail(InputError('a.mp4: no'))) == (False, 'a.mp4: no')


@pytest.mark.parametrize(
    'function, seen',
    [
        (lambda: fail(KeyError('x')), 'KeyError'),
        (lambda: os.kill(os.getpid(), signal.SIGSEGV), 'SIGSEGV'),
        (lambda: os._exit(0), 'no answer'),
        (lambda: os.system('true'), 'os.system'),
        (lambda: pickle.loads(pickle.dumps(print)), 'pickle.find_class'),
    ],
)
def test_what_an_input_must_not_do_is_seen(function, seen):
    with pytest.raises(Fault, match=seen):
        watched(function)


def test_too_much_memory_is_seen_at_the_end_and_on_the_way(monkeypatch):
    monkeypatch.setattr(watch, 'GROWTH_BYTES', 100_000_000)
    with pytest.raises(Fault, match='MB for one input'):
        watched(lambda: b'x' * 300_000_000 and None)
    with pytest.raises(Fault, match='MB for one input'):
        watched(lambda: (b'x' * 300_000_000, time.sleep(60)))


def test_endless_computing_is_seen(monkeypatch):
    monkeypatch.setattr(watch, 'CPU_SECONDS', 1)

    def spin():
        while True:
            pass

    with pytest.raises(Fault, match='SIGXCPU'):
        watched(spin)


def test_a_hang_is_seen(monkeypatch):
    monkeypatch.setattr(watch, 'HANG_SECONDS', 0.5)
    with pytest.raises(Fault, match='code 1'):
        watched(lambda: time.sleep(60))


def test_forks_are_of_one_thread_and_later_tests_have_theirs_again():
    import cv2
    import torch

    before = torch.get_num_threads(), cv2.getNumThreads()
    try:
        torch.set_num_threads(3)
        cv2.setNumThreads(2)
        with one_thread():
            assert (torch.get_num_threads(), cv2.getNumThreads()) == (1, 1)
        assert (torch.get_num_threads(), cv2.getNumThreads()) == (3, 2)
    finally:
        torch.set_num_threads(before[0])
        cv2.setNumThreads(before[1])
