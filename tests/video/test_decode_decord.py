"""What decord is trusted with, and that it then gives the same as PyAV."""

import numpy as np
import pytest

from pipeline.video.damage import Damage, DecodeError
from pipeline.video.decode import decode
from pipeline.video.decode_decord import decode_with_decord, decord_suits
from pipeline.video.index import index_video

VP9 = {'deadline': 'realtime', 'cpu-used': '8'}


@pytest.mark.parametrize('size', [(160, 120), (101, 57), (8, 8), (640, 360)])
@pytest.mark.parametrize(
    'name, codec, options',
    [('a.webm', 'libvpx-vp9', VP9), ('a.mp4', 'libvpx-vp9', VP9), ('a.mkv', 'libsvtav1', {'preset': '12'})],
)
def test_gives_the_same_pictures_as_pyav(clips, name, codec, options, size):
    if codec == 'libsvtav1' and size == (8, 8):
        pytest.skip('SVT-AV1 encodes from 64 px up')
    index = index_video(clips.write(name, codec=codec, options=options, size=size, frames=20))
    assert decord_suits(index, 0)
    ours = list(decode(index, 0, 20, Damage(), careful=False))
    theirs = list(decode_with_decord(index, 20))
    assert [i for i, _ in ours] == [i for i, _ in theirs] == list(range(20))
    for (_, a), (_, b) in zip(ours, theirs):
        a = getattr(a, 'rgb', a)  # odd sides come as RGB
        assert a.shape == b.shape
        difference = np.abs(a.astype(int) - b)
        if size[1] % 2:  # chroma is interpolated differently there
            assert difference.mean() < 1
        else:
            assert difference.max() <= 3


def test_turned_pictures_agree_too(clips):
    index = index_video(clips.turn(clips.write('a.mp4', codec='libvpx-vp9', options=VP9, frames=5), 3))
    (_, ours), (_, theirs) = (
        next(iter(d)) for d in (decode(index, 0, 1, Damage(), careful=False), decode_with_decord(index, 1))
    )
    assert ours.shape == theirs.shape == (160, 120, 3) and np.abs(ours.rgb.astype(int) - theirs).max() <= 3


def test_refuses_what_it_reads_wrongly(clips):
    assert not decord_suits(index_video(clips.write('a.ts')), 0)
    assert not decord_suits(index_video(clips.write('a.mp4')), 0)
    vp9 = clips.write('b.mp4', codec='libvpx-vp9', options=VP9)
    assert not decord_suits(index_video(vp9), 5)
    assert not decord_suits(index_video(clips.turn(vp9, 0, mirrored=True)), 0)


def test_a_file_that_it_starts_elsewhere_is_refused_at_the_first_picture(clips):
    index = index_video(clips.write('a.ts', frames=40))
    with pytest.raises(DecodeError):
        list(decode_with_decord(index, 40))


def test_packets_with_hidden_frames_are_read_whole(clips):
    """decord gives up on some of these when it decodes in several threads."""
    options = {'auto-alt-ref': '1', 'lag-in-frames': '16', 'cpu-used': '4', 'b': '300k'}
    index = index_video(clips.write('a.mp4', codec='libvpx-vp9', options=options, frames=60, gop=30))
    assert [clips.number_of(image) for _, image in decode_with_decord(index, 60)] == list(range(60))


def test_it_reads_when_asked_for_and_where_it_can(clips, monkeypatch):
    from pipeline.errors import InputError
    from pipeline.video import decode_decord, open_source

    readings = []
    real = decode_decord.decode_with_decord
    monkeypatch.setattr(decode_decord, 'decode_with_decord', lambda *a: readings.append(a) or real(*a))
    vp9, h264 = clips.write('a.mp4', codec='libvpx-vp9', options=VP9, frames=6), clips.write('b.mp4', frames=6)
    for path, reader, count in [(vp9, 'pyav', 0), (h264, 'decord', 0), (vp9, 'decord', 1)]:
        with open_source(path, reader=reader) as source:
            assert [frame.index for frame in source] == list(range(6))
        assert len(readings) == count
    with pytest.raises(InputError, match="'ffmpeg'.*pyav, decord"):
        open_source(vp9, reader='ffmpeg')
