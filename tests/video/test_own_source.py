"""A source of somebody's own: what a chain asks of it, and says where it is not so."""

from fractions import Fraction

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.options import OutputOptions
from pipeline.timing import Clock
from pipeline.types import Frame, VideoInfo
from pipeline.video import VideoSource
from pipeline.video.source import in_order
from tests.batch.toy_chain import ToySettings


class Own(VideoSource):
    """Frames at the given times; somebody is in the picture where ``there`` says."""

    def __init__(self, times, there=None):
        self.info = VideoInfo('mine', 64, 48, Fraction(25), len(times))
        self._times, self._there, self.ended = times, there or [True] * len(times), False

    def __iter__(self):
        try:
            for i, (time, there) in enumerate(zip(self._times, self._there)):
                picture = np.zeros((48, 64, 3), np.uint8)
                picture[10:40, 20:40] = 230 * there
                yield Frame(i, time, picture)
        finally:
            self.ended = True


def test_times_may_be_uneven_but_each_frame_is_later():
    source = Own([0.0, 0.04, 0.5, 0.501])
    assert [frame.time for frame in in_order(source)] == [0.0, 0.04, 0.5, 0.501] and source.ended


@pytest.mark.parametrize('time, shown', [(0.08, '0.08'), (0.04, '0.04'), (float('nan'), 'nan')])
@pytest.mark.parametrize('half', ['results', 'posed'])
def test_a_frame_that_is_no_later_is_named_in_one_line(tmp_path, time, shown, half):
    chain = ToySettings(OutputOptions(tmp_path)).build()
    # the person is missed in between, so that the refiner would divide by the time that has passed
    source = Own([0.0, 0.04, 0.08, time], [True, True, False, True])
    with pytest.raises(InputError, match=f'^mine: frame 3 is at {shown} s, after one at 0.08 s: times must increase$'):
        list(chain.results(source) if half == 'results' else chain.posed(source, Clock()))
    assert source.ended


def test_leaving_early_ends_the_source():
    source = Own([0.0, 0.04])
    frames = in_order(source)
    next(frames)
    frames.close()
    assert source.ended
