import threading
import time

import numpy as np
import pytest

from pipeline.video.sink import BackgroundWriter, FrameSink

IMAGE = np.zeros((2, 2, 3), np.uint8)


class Recorder(FrameSink):
    """Notes what is asked of it; fails at the frame ``fails_at``."""

    def __init__(self, fails_at=None, seconds=0.0):
        self.calls, self.fails_at, self.seconds = [], fails_at, seconds
        self.threads = set()

    def write(self, image, time_):
        time.sleep(self.seconds)
        self.threads.add(threading.current_thread().name)
        if time_ == self.fails_at:
            raise OSError('disk on fire')
        self.calls.append(time_)

    def finish(self):
        self.calls.append('finish')

    def abort(self):
        self.calls.append('abort')


@pytest.mark.parametrize('wrap', [lambda sink: sink, BackgroundWriter])
@pytest.mark.parametrize(
    'error, ending',
    [
        (None, 'finish'),
        (KeyboardInterrupt, 'finish'),
        (GeneratorExit, 'finish'),
        (ValueError, 'abort'),
        (SystemExit, 'abort'),
    ],
)
def test_what_is_kept_depends_on_how_the_block_ends(wrap, error, ending):
    sink = Recorder()

    def run():
        with wrap(sink) as writer:
            for i in range(3):
                writer.write(IMAGE, i)
            if error:
                raise error

    if error:
        with pytest.raises(error):
            run()
    else:
        run()
    assert sink.calls[-1] == ending
    if ending == 'finish':
        assert sink.calls[:-1] == [0, 1, 2]


def test_writing_goes_on_in_the_background():
    sink = Recorder(seconds=0.05)
    began = time.monotonic()
    with BackgroundWriter(sink, size=10) as writer:
        for i in range(8):
            writer.write(IMAGE, i)
        assert time.monotonic() - began < 0.3
    assert sink.calls == [*range(8), 'finish'] and sink.threads == {'write'}


@pytest.mark.parametrize('after', [2, 50])
def test_an_error_surfaces_and_nothing_is_kept(after):
    sink = Recorder(fails_at=1)
    with pytest.raises(OSError, match='disk on fire'):
        with BackgroundWriter(sink, size=2) as writer:
            for i in range(after):
                writer.write(IMAGE, i)
    assert sink.calls[0] == 0 and set(sink.calls[1:]) == {'abort'}


def test_aborting_does_not_wait_for_what_is_queued():
    sink = Recorder(seconds=0.1)
    began = time.monotonic()
    with pytest.raises(ValueError):
        with BackgroundWriter(sink, size=20) as writer:
            for i in range(20):
                writer.write(IMAGE, i)
            raise ValueError
    assert time.monotonic() - began < 1 and sink.calls[-1] == 'abort'


def test_nothing_can_be_written_after_the_end():
    writer = BackgroundWriter(Recorder())
    writer.abort()
    with pytest.raises(ValueError, match='after finish or abort'):
        writer.write(IMAGE, 0)
