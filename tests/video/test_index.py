import struct
from fractions import Fraction

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.video.index import index_video
from pipeline.video.orientation import Orientation

NTSC = Fraction(30000, 1001)
CONTAINERS = [
    ('a.mp4', 'libx264', {}),
    ('a.mov', 'libx264', {}),
    ('a.mkv', 'libx264', {}),
    ('a.ts', 'libx264', {}),
    ('a.flv', 'libx264', {}),
    ('a.avi', 'libx264', {}),
    ('a.h264', 'libx264', {}),
    ('b.avi', 'mpeg4', {}),
    ('a.mpg', 'mpeg2video', {}),
    ('a.wmv', 'wmv2', {}),
    ('a.webm', 'libvpx-vp9', {'deadline': 'realtime'}),
    ('b.mkv', 'ffv1', {}),
    ('a.y4m', 'rawvideo', {}),
]


@pytest.mark.parametrize('name, codec, options', CONTAINERS)
def test_constant_rates_are_exact_in_every_container(clips, name, codec, options):
    index = index_video(clips.write(name, frames=20, codec=codec, options=options))
    assert (len(index), index.width, index.height, index.fps) == (20, 160, 120, NTSC)
    assert np.abs(index.times - np.arange(20) * 1001 / 30000).max() < 1e-12
    assert not index.damaged


@pytest.mark.parametrize('rate', ['24000/1001', '24', '25', '50', '60000/1001', '15', '5', '120', '12345/679'])
def test_rates_survive_containers_that_count_milliseconds(clips, rate):
    rate = Fraction(rate)
    assert index_video(clips.write('a.mp4', rate=rate)).fps == rate
    assert abs(index_video(clips.write('a.mkv', rate=rate)).fps / rate - 1) < 1e-6


def test_a_variable_rate_keeps_its_times(clips):
    ticks = [0, 33, 67, 100, 400, 433, 500, 1000, 1010, 1500]
    for name in ('a.mkv', 'a.mp4'):
        index = index_video(clips.write(name, frames=10, times=ticks, tick='1/1000'))
        assert np.abs(index.times - np.array(ticks) / 1000).max() < 1e-9
        assert abs(index.fps - Fraction(9000, 1500)) < Fraction(1, 5)


def test_one_long_pause_is_not_mistaken_for_a_constant_rate(shared):
    index = index_video(shared('video', 'two_people_1080p.mp4'))
    assert len(index) == 72 and index.fps == Fraction(2160, 77)
    assert np.allclose(np.diff(index.times)[:66], 1 / 30) and np.isclose(np.diff(index.times)[66], 0.2)


def test_the_display_matrix_gives_the_upright_size(clips):
    path = clips.turn(clips.write(), 1)
    index = index_video(path)
    assert (index.width, index.height) == (120, 160)
    assert index.stored_size == (160, 120)
    assert index.orientation == Orientation(1)


def test_non_square_pixels_are_made_square_without_losing_detail(clips):
    def shaped(name, ratio):
        index = index_video(clips.write(name, size=(72, 58), pixel_shape=ratio))
        return index.width, index.height

    assert shaped('a.mp4', '16/11') == (105, 58)
    assert shaped('b.mp4', '1/2') == (72, 116)
    assert shaped('c.mp4', '1/1000') == (72, 58)


def test_keyframes_say_where_decoding_can_start(clips):
    index = index_video(clips.write('a.mp4', frames=30, gop=10, options={'x264-params': 'scenecut=0'}))
    assert index.keyframe_before(0) is None
    assert index.keyframe_before(9) == index.pts[0]
    assert index.keyframe_before(10) == index.keyframe_before(19) == index.pts[10]


def test_a_header_that_promises_a_billion_frames_costs_nothing(clips):
    path = clips.write('a.avi', codec='mpeg4', frames=5)
    data = bytearray(path.read_bytes())
    for tag, offset in ((b'avih', 16), (b'strh', 32)):  # dwTotalFrames, dwLength
        begin = data.index(tag) + 8 + offset
        data[begin : begin + 4] = struct.pack('<I', 10**9)
    path.write_bytes(data)
    index = index_video(path)
    assert len(index) == 5 and index.promised == 10**9


def test_a_sample_table_that_promises_a_billion_frames_costs_nothing(clips):
    path = clips.write('a.mp4', frames=5)
    data = bytearray(path.read_bytes())
    begin = data.index(b'stts') + 12
    data[begin : begin + 4] = struct.pack('>I', 10**9)
    begin = data.index(b'stsz') + 8
    data[begin : begin + 8] = struct.pack('>II', 100, 10**9)  # all frames of 100 bytes, a billion of them
    path.write_bytes(data)
    try:
        assert len(index_video(path)) < 1000
    except InputError as error:
        assert 'a.mp4' in str(error)


@pytest.mark.parametrize(
    'content, message',
    [
        (b'just words\n' * 100, 'not a video that can be read'),
        (b'', 'not a video that can be read'),
        (bytes(10000), 'not a video that can be read'),
    ],
)
def test_what_is_no_video_is_one_line(tmp_path, content, message):
    path = tmp_path / 'notes.mp4'
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as error:
        index_video(path)
    assert str(path) in str(error.value) and '\n' not in str(error.value)


def test_sound_alone_is_no_video(clips):
    import av

    path = clips.folder / 'sound.m4a'
    with av.open(str(path), 'w', format='mp4') as output:
        for packet in clips.tone(output.add_stream('aac', rate=48000), 1.0):
            output.mux(packet)
    with pytest.raises(InputError, match='has no video stream'):
        index_video(path)


def test_a_video_without_frames_is_an_error(clips):
    path = clips.write('a.mkv', frames=30)
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b'\x1f\x43\xb6\x75')])  # up to the first cluster
    with pytest.raises(InputError, match='no frame of it can be decoded|not a video'):
        index_video(path)
