import threading

import numpy as np
import pytest

from pipeline.video.sink import BackgroundWriter, FrameSink

PATIENCE = 60  # seconds until a test that hangs fails
IMAGE = np.zeros((2, 2, 3), np.uint8)


class Recorder(FrameSink):
    """Notes what is asked of it; fails at the frame ``fails_at``, writes nothing before ``gate`` is open."""

    def __init__(self, fails_at=None, gate=None):
        self.calls, self.fails_at, self.gate = [], fails_at, gate
        self.threads = set()

    def write(self, image, time_):
        if self.gate is not None:
            assert self.gate.wait(PATIENCE)
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
    gate = threading.Event()
    sink = Recorder(gate=gate)
    with BackgroundWriter(sink, size=10) as writer:
        for i in range(8):
            writer.write(IMAGE, i)
        assert not sink.calls  # all eight were taken, and none is written yet
        gate.set()
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
    gate = threading.Event()
    sink = Recorder(gate=gate)
    writer = BackgroundWriter(sink, size=20)
    for i in range(20):
        writer.write(IMAGE, i)
    aborting = threading.Thread(target=writer.abort)
    aborting.start()
    while writer._channel.put((IMAGE, 20)):  # taken until the abort has thrown away what is queued
        pass
    gate.set()
    aborting.join(PATIENCE)
    assert sink.calls in ([0, 'abort'], ['abort'])  # but for the frame that was being written


def test_nothing_can_be_written_after_the_end():
    writer = BackgroundWriter(Recorder())
    writer.abort()
    with pytest.raises(ValueError, match='after finish or abort'):
        writer.write(IMAGE, 0)
