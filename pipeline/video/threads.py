"""Run a producer ahead of its consumer: a thread and a bounded queue in between."""

import threading
from collections import deque
from typing import Any, Deque, Generator, Generic, Iterable, Iterator, Optional, TypeVar

from pipeline.video.limits import QUEUE_BYTES

T = TypeVar('T')

JOIN_SECONDS = 2.0  # for a producer that hangs in a driver: it is a daemon and dies with the process


def bytes_of(item: Any) -> int:
    """Bytes of the pictures in ``item``: a picture, a frame, or a tuple with one."""
    if isinstance(item, tuple):
        return sum(map(bytes_of, item))
    return getattr(item, 'nbytes', 0)


class Channel(Generic[T]):
    """A bounded queue between one producer and one consumer; either side can end it.

    Unlike ``queue.Queue``, a blocked ``put`` wakes up when the consumer goes
    away, so neither side needs to poll.

    Args:
        size: items that the queue holds, at least 1.
        max_bytes: of the pictures among them; one item is held, whatever its size.
    """

    def __init__(self, size: int, max_bytes: int = QUEUE_BYTES):
        if size < 1:
            raise ValueError(f'a channel holds at least one item, got {size}')
        self._size, self._max_bytes = size, max_bytes
        self._items: Deque[T] = deque()
        self._changed = threading.Condition()
        self._ended = False
        self._abandoned = False
        self._error: Optional[BaseException] = None

    def widen(self, size: int) -> None:
        """Let the queue hold ``size`` items, if that is more."""
        with self._changed:
            self._size = max(size, self._size)
            self._changed.notify_all()

    def put(self, item: T) -> bool:
        """Append ``item``, waiting for room. False if the consumer has gone."""
        with self._changed:
            while self._is_full(item) and not self._abandoned:
                self._changed.wait()
            return self._append(item)

    def put_latest(self, item: T) -> bool:
        """Append ``item``; the oldest one makes room if the queue is full."""
        with self._changed:
            while self._is_full(item):
                self._items.popleft()
            return self._append(item)

    def _is_full(self, item: T) -> bool:
        waiting = len(self._items)
        return waiting >= self._size or waiting > 0 and bytes_of((*self._items, item)) > self._max_bytes

    def _append(self, item: T) -> bool:
        if not self._abandoned:
            self._items.append(item)
            self._changed.notify_all()
        return not self._abandoned

    def end(self, error: Optional[BaseException] = None) -> None:
        """Producer: nothing more will come; ``error`` is raised at the consumer after the last item."""
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify_all()

    def abandon(self) -> None:
        """Consumer: nothing more is wanted. Waiting items are dropped."""
        with self._changed:
            self._abandoned = True
            self._items.clear()
            self._changed.notify_all()

    def get(self, timeout: Optional[float] = None) -> T:
        """The next item.

        Args:
            timeout: seconds to wait for it; None waits for ever.

        Raises:
            StopIteration: after the last item.
            TimeoutError: if nothing came in time.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._items or self._ended, timeout):
                raise TimeoutError
            if self._items:
                item = self._items.popleft()
                self._changed.notify_all()
                return item
            if self._error is not None:
                raise self._error
            raise StopIteration

    def __iter__(self) -> Iterator[T]:
        while True:
            try:
                item = self.get()
            except StopIteration:
                return
            yield item


def prefetch(iterable: Iterable[T], size: int = 8) -> Generator[T, None, None]:
    """Iterate ``iterable`` in a thread of its own, up to ``size`` items ahead.

    An exception of the iterable is raised here, after the items before it.
    Closing this generator (leaving a loop early is enough in CPython) closes
    the iterable in its thread and ends the thread.

    Args:
        iterable: is only touched by the thread.
        size: bound of the queue between the two.
    """
    channel: Channel[T] = Channel(size)

    def produce() -> None:
        try:
            iterator = iter(iterable)
            try:
                for item in iterator:
                    if not channel.put(item):
                        break
            finally:
                if hasattr(iterator, 'close'):
                    iterator.close()
        except BaseException as error:  # whatever it is, it belongs to the consumer
            channel.end(error)
        else:
            channel.end()

    thread = threading.Thread(target=produce, name='prefetch', daemon=True)
    thread.start()
    try:
        yield from channel
    finally:
        channel.abandon()
        thread.join(JOIN_SECONDS)
