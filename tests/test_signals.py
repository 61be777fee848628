"""SIGTERM and SIGHUP end a command as Ctrl-C does, once, and not in the middle of what must be whole."""

import os
import signal
import sys
import threading
import time

import pytest

from pipeline.signals import as_interrupts, leave_to_parent, postponed


@pytest.fixture(autouse=True)
def as_in_a_terminal():
    """Whoever runs the tests may ignore signals (``nohup``, a background job), which children inherit."""
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL, signal.SIGHUP: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGHUP])
def test_the_first_one_interrupts_and_the_next_do_not_disturb_the_end(number):
    ended = []
    with as_interrupts():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        for again in (signal.SIGTERM, signal.SIGHUP):
            signal.raise_signal(again)
            ended.append(again)
    assert len(ended) == 2 and signal.getsignal(number) == signal.SIG_DFL


class _SignalledWhenFreed:
    """Gets a signal where Python only prints what is raised."""

    def __init__(self, number):
        self._number = number

    def __del__(self):
        signal.raise_signal(self._number)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_that_python_drops_in_a_callback_comes_again_once(number):
    before, rounds, ended = sys.unraisablehook, 0, []
    with as_interrupts():
        with pytest.raises(KeyboardInterrupt):
            freed = _SignalledWhenFreed(number)
            del freed
            while rounds < 6000:  # no signal comes any more: without help this would go on
                rounds += 1
                time.sleep(0.01)
        if number != signal.SIGINT:
            signal.raise_signal(signal.SIGTERM)
        ended.append('in good order')
    assert ended and sys.unraisablehook is before


def test_what_else_python_drops_is_told_as_before(monkeypatch):
    class Broken:
        def __del__(self):
            raise ValueError('broken')

    told = []
    monkeypatch.setattr(sys, 'unraisablehook', lambda ignored: told.append(str(ignored.exc_value)))
    with as_interrupts():
        broken = Broken()
        del broken
    assert told == ['broken']


def test_what_nohup_ignores_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with as_interrupts():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_waits_for_the_end_of_the_block(number):
    done = []
    with as_interrupts(), pytest.raises(KeyboardInterrupt):
        with postponed():
            signal.raise_signal(number)
            done.append('whole')
        done.append('never')
    assert done == ['whole']


def test_a_second_ctrl_c_does_not_wait():
    done = []
    with pytest.raises(KeyboardInterrupt), postponed():
        signal.raise_signal(signal.SIGINT)
        done.append('first')
        signal.raise_signal(signal.SIGINT)
        done.append('never')
    assert done == ['first']


def test_other_threads_are_left_alone():
    done = []

    def work():
        with as_interrupts(), postponed():
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]


def test_a_worker_leaves_all_of_them_to_its_parent():
    child = os.fork()
    if child == 0:
        leave_to_parent()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(os.getpid(), number)
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
