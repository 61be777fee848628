import threading
import time

import numpy as np
import pytest

from pipeline.types import Frame
from pipeline.video.colour import Colours
from pipeline.video.threads import Channel, bytes_of, prefetch
from pipeline.video.yuv import Planes

PATIENCE = 60.0  # seconds until a test that hangs fails


def threads_named(name):
    return [t for t in threading.enumerate() if t.name == name]


def gone(name):
    deadline = time.monotonic() + PATIENCE
    while threads_named(name) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not threads_named(name)


def test_everything_comes_in_order():
    assert list(prefetch(range(1000), 3)) == list(range(1000))
    assert list(prefetch([])) == []
    assert gone('prefetch')


def test_runs_ahead_by_no_more_than_its_size():
    drawn = []

    def items():
        for i in range(100):
            drawn.append(i)
            yield i

    ahead = prefetch(items(), 4)
    assert next(ahead) == 0
    deadline = time.monotonic() + PATIENCE
    while len(drawn) < 6 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert len(drawn) == 6  # one taken, four in the queue, one waiting to get in
    ahead.close()


def test_pictures_that_wait_are_bounded_by_their_bytes():
    drawn = []

    def items():
        for i in range(100):
            drawn.append(i)
            yield Frame(i, 0.0, np.zeros((1000, 1000, 3), np.uint8)), None

    channel = Channel(50, max_bytes=10_000_000)
    for item in items():
        channel.put_latest(item)
    assert len(channel._items) == 3
    assert bytes_of((Planes(64, 48, Colours()), 1.0)) == 64 * 48 * 3 // 2
    alone = Channel(50, max_bytes=1)
    assert alone.put(np.zeros(10))  # the first item always fits
    taker = threading.Timer(0.1, alone.get)
    taker.start()
    assert alone.put(np.zeros(10))  # the second once the first is gone
    taker.join()


def test_works_while_the_consumer_works():
    made = [threading.Event() for _ in range(20)]

    def items():
        for i, event in enumerate(made):
            event.set()
            yield i

    for i in prefetch(items(), 4):
        assert made[min(i + 4, 19)].wait(PATIENCE)  # while this item is in the consumer's hands


def test_an_exception_arrives_after_the_items_before_it():
    def failing():
        yield 1
        yield 2
        raise OSError('the cable is out')

    got = []
    with pytest.raises(OSError, match='the cable is out'):
        for item in prefetch(failing()):
            got.append(item)
    assert got == [1, 2] and gone('prefetch')


@pytest.mark.parametrize('taken', [0, 1, 5])
def test_leaving_early_closes_the_iterable_in_its_thread(taken):
    closed_in = []

    def endless():
        try:
            i = 0
            while True:
                yield i
                i += 1
        finally:
            closed_in.append(threading.current_thread().name)

    ahead = prefetch(endless(), 2)
    for _ in range(taken):
        next(ahead)
    ahead.close()
    assert gone('prefetch') and closed_in == (['prefetch'] if taken else [])


def test_an_exception_in_the_loop_ends_the_thread():
    with pytest.raises(KeyboardInterrupt):
        for _ in prefetch(iter(int, 1), 2):
            raise KeyboardInterrupt
    assert gone('prefetch')


def test_a_channel_may_drop_the_oldest_instead_of_waiting():
    channel = Channel(2)
    for i in range(5):
        assert channel.put_latest(i)
    channel.end()
    assert list(channel) == [3, 4]


def test_a_channel_that_stays_empty_times_out():
    with pytest.raises(TimeoutError):
        Channel(1).get(timeout=0.01)


def test_an_abandoned_channel_takes_nothing_and_wakes_who_waits():
    channel = Channel(1)
    channel.put(0)
    results = []
    waiting = threading.Thread(target=lambda: results.append(channel.put(1)))
    waiting.start()
    channel.abandon()
    waiting.join(PATIENCE)
    assert results == [False] and channel.put_latest(2) is False
