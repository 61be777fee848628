"""Interlaced video: two fields of different times in each picture."""

import av
import numpy as np
import pytest

from pipeline.moments import Moment
from pipeline.video import open_source


def bar(place: float) -> np.ndarray:
    image = np.full((96, 160, 3), 40, np.uint8)
    image[:, 10 + int(place) : 40 + int(place)] = 220
    return image


def woven(i: int) -> np.ndarray:
    """A bar that moves by 8 px a picture: half of the lines show it half a picture later."""
    image = bar(8 * i)
    image[1::2] = bar(8 * i + 4)[1::2]
    return image


def combs(image: np.ndarray) -> float:
    """How far lines differ from the lines beside them."""
    lines = image[..., 1].astype(float)
    return float(np.abs(lines[1:-1] - (lines[:-2] + lines[2:]) / 2).mean())


@pytest.fixture
def interlaced(clips):
    def write(name='a.mp4', codec='libx264', **more):
        options = {'x264-params': 'tff=1:bframes=2', 'crf': '10'} if codec == 'libx264' else {'flags': '+ildct+ilme'}
        return clips.write(name, frames=14, size=(160, 96), rate=25, codec=codec, options=options, images=woven, **more)

    return write


def read(path, **options):
    with open_source(path, **options) as source:
        return list(source)


@pytest.mark.parametrize('name, codec', [('a.mp4', 'libx264'), ('a.ts', 'libx264'), ('a.mpg', 'mpeg2video')])
def test_combs_go_on_request_and_every_frame_stays(interlaced, caplog, name, codec):
    path = interlaced(name, codec)
    before, after = read(path), read(path, deinterlace=True)
    assert [f.index for f in after] == list(range(14)) and [f.time for f in after] == [f.time for f in before]
    for i in range(1, 13):
        assert combs(before[i].image) > 5 > 4 * combs(after[i].image)
        # the field that is marked as the first is kept: the bar stands where that one had it, in all lines
        errors = [np.abs(after[i].image.astype(float) - bar(8 * i + place)).mean() for place in (0, 4)]
        assert min(errors) < 4
    assert [r.message for r in caplog.records] == [
        f'{path}: is interlaced: movements have combs, which --deinterlace removes'
    ]


def test_a_part_is_as_in_the_whole(interlaced):
    path = interlaced(gop=5)
    whole = read(path, deinterlace=True)
    for first in (1, 5, 6):
        part = read(path, deinterlace=True, start=Moment(first, True), end=Moment(first + 3, True))
        assert [f.index for f in part] == list(range(first, first + 3))
        for frame in part:
            assert np.array_equal(frame.image, whole[frame.index].image)


def test_other_video_stays_as_it_is_which_is_said(clips, caplog):
    path = clips.write(frames=10, options={'bf': '2'})
    for one, other in zip(read(path), read(path, deinterlace=True)):
        assert np.array_equal(one.image, other.image) and one.time == other.time
    assert [r.message for r in caplog.records] == [
        f'{path}: is not marked as interlaced; its pictures stay as they are'
    ]


def test_colours_keep_their_meaning(interlaced):
    path = interlaced('a.mkv', pixels='yuv420p')
    with av.open(str(path)) as container:
        assert next(container.decode(video=0)).interlaced_frame
    before, after = read(path)[5].image, read(path, deinterlace=True)[5].image
    assert np.abs(before.mean(axis=(0, 1)) - after.mean(axis=(0, 1))).max() < 1
