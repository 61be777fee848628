"""Pictures in memory as a source: exact times, nothing shared with the caller, one line for what is no picture."""

from fractions import Fraction

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.video import ArraySource, open_source


def pictures(count=6, size=(8, 12)):
    return [np.full((*size, 3), i, np.uint8) for i in range(count)]


def test_a_list_an_array_and_an_iterator_give_the_same_frames():
    for arrays, count in ((pictures(), 6), (np.stack(pictures()), 6), (iter(pictures()), None)):
        with ArraySource(arrays, fps=Fraction(30000, 1001), name='mine') as source:
            info = source.info
            assert (info.name, info.width, info.height, info.num_frames) == ('mine', 12, 8, count)
            assert info.fps == Fraction(30000, 1001) and info.path is None
            frames = list(source)
        assert [frame.index for frame in frames] == list(range(6))
        assert [frame.image[0, 0, 0] for frame in frames] == list(range(6))
        assert frames[5].time == float(5 * Fraction(1001, 30000))


def test_an_iterator_is_read_as_frames_are_asked_for():
    taken = []

    def make():
        for picture in pictures(100):
            taken.append(picture)
            yield picture

    frames = iter(ArraySource(make()))
    next(frames), next(frames)
    assert len(taken) == 2


def test_one_buffer_may_serve_all_frames_and_no_one_draws_into_it():
    buffer = np.zeros((4, 4, 3), np.uint8)

    def make():
        for i in range(3):
            buffer[:] = i
            yield buffer

    frames = list(ArraySource(make()))
    assert [frame.image[0, 0, 0] for frame in frames] == [0, 1, 2]
    frames[2].image[:] = 99
    assert buffer.max() == 2


@pytest.mark.parametrize('arrays', [pictures(), iter(pictures())])
def test_start_and_end_count_from_the_first_picture(arrays):
    with open_source(arrays, start='2f', end=0.4, fps=10) as source:
        frames = list(source)
    assert [(frame.index, frame.time) for frame in frames] == [(2, 0.2), (3, 0.3)]


def test_open_source_takes_arrays():
    with open_source(pictures()[3]) as source:
        assert [frame.image[0, 0, 0] for frame in source] == [3] and source.info.fps == 30
    with open_source(pictures(), fps=25) as source:
        assert source.info.fps == 25 and source.info.num_frames == 6


@pytest.mark.parametrize(
    'arrays, words',
    [
        ([], 'arrays: holds no picture'),
        (iter([]), 'arrays: holds no picture'),
        ([np.zeros((4, 4), np.uint8)], r'arrays\[0\]: is uint8 \(4, 4\), a picture must be'),
        ([np.zeros((4, 4, 3))], r'arrays\[0\]: is float64'),
        (['a.mp4'], r'arrays\[0\]: is str'),
        (pictures(2) + pictures(1, (9, 12)), r'arrays\[2\]: is 12x9 px, the first is 12x8'),
        ([np.zeros((0, 4, 3), np.uint8)], 'one size above 0'),
    ],
)
def test_what_is_no_picture_is_refused_in_one_line(arrays, words):
    with pytest.raises(InputError, match=words) as error:
        list(ArraySource(arrays))
    assert '\n' not in str(error.value)


def test_a_rate_or_range_that_cannot_be_is_refused():
    with pytest.raises(InputError, match='frame rate 0'):
        ArraySource(pictures(), fps=0)
    with pytest.raises(InputError, match='cannot start at 9f: it has 6 frames'):
        ArraySource(pictures(), start='9f')
