import io
import logging
import random
import resource
from fractions import Fraction

import av
import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.moments import Moment
from pipeline.video.video_file import VideoFile

FAST_START = {'movflags': 'faststart'}
VP9 = {'deadline': 'realtime', 'cpu-used': '8'}
CODECS = [
    ('a.mp4', 'libx264', {}),
    ('a.mkv', 'libx264', {}),
    ('a.ts', 'libx264', {}),
    ('a.avi', 'libx264', {}),
    ('a.h264', 'libx264', {}),
    ('b.avi', 'mpeg4', {}),
    ('a.mpg', 'mpeg2video', {}),
    ('c.avi', 'mjpeg', {}),
    ('a.webm', 'libvpx-vp9', VP9),
    ('b.mp4', 'libvpx-vp9', VP9),
    ('c.mp4', 'libx265', {}),
    ('c.mkv', 'libsvtav1', {'preset': '12'}),
    ('b.mkv', 'ffv1', {}),
]


def read(path, **options):
    with VideoFile(path, **options) as source:
        return list(source), source


def write(clips, name, codec, options, **more):
    pixels = 'yuvj420p' if codec == 'mjpeg' else 'yuv420p'
    return clips.write(name, codec=codec, options=options, pixels=pixels, **more)


@pytest.mark.parametrize('name, codec, options', CODECS)
def test_every_frame_comes_once_in_order_at_its_time(clips, name, codec, options):
    frames, source = read(write(clips, name, codec, options, frames=40))
    assert source.info.num_frames == 40 and source.skipped == 0
    assert [f.index for f in frames] == list(range(40))
    assert [clips.number_of(f.image) for f in frames] == list(range(40))
    assert np.allclose([f.time for f in frames], np.arange(40) * 1001 / 30000, atol=1e-9)
    assert all(f.image.shape == (120, 160, 3) and f.image.dtype == np.uint8 for f in frames)


@pytest.mark.parametrize('name, codec, options', CODECS)
@pytest.mark.parametrize('start, end', [(1, 2), (9, 11), (10, 25), (37, 40), (39, 100)])
def test_a_range_starts_and_ends_at_the_very_frame(clips, name, codec, options, start, end):
    frames, source = read(
        write(clips, name, codec, options, frames=40), start=Moment(start, True), end=Moment(end, True)
    )
    expected = list(range(start, min(end, 40)))
    assert [f.index for f in frames] == [clips.number_of(f.image) for f in frames] == expected
    assert source.info.num_frames == len(expected)
    assert source.info.start == frames[0].time == pytest.approx(start * 1001 / 30000)


def test_pictures_are_close_to_what_was_encoded(clips):
    for name, codec, options in (('a.mp4', 'libx264', {'crf': '10'}), ('b.webm', 'libvpx-vp9', {**VP9, 'b': '4M'})):
        frames, _ = read(clips.write(name, codec=codec, options=options, size=(320, 240), frames=5))
        for frame in frames:
            error = frame.image.astype(float) - clips.image(frame.index, 320, 240)
            assert 10 * np.log10(255**2 / np.mean(error[64:] ** 2)) > 35


@pytest.mark.parametrize('size', [(8, 8), (16, 16), (24, 10), (101, 57), (2, 2), (426, 240), (1768, 994)])
@pytest.mark.parametrize('name, codec, options', [('a.mp4', 'libx264', {}), ('a.webm', 'libvpx-vp9', VP9)])
def test_any_size_and_row_padding(clips, size, name, codec, options):
    path = clips.write(name, codec=codec, options=options, size=size, frames=3, pixels='yuv444p')
    frames, source = read(path)
    assert len(frames) == 3 and (source.info.width, source.info.height) == size
    for frame in frames:
        assert frame.image.shape == (size[1], size[0], 3) and frame.image.flags.c_contiguous
        assert np.abs(frame.image.astype(float) - clips.image(frame.index, *size)).mean() < 16


def test_4k_and_a_single_frame(clips):
    frames, source = read(clips.write(size=(3840, 2160), frames=1, options={'preset': 'ultrafast'}))
    assert [f.image.shape for f in frames] == [(2160, 3840, 3)]
    assert (source.info.num_frames, frames[0].index, frames[0].time) == (1, 0, 0.0)


@pytest.mark.parametrize('codec, options', [('libx264', {}), ('libvpx-vp9', VP9)])
@pytest.mark.parametrize('turns', [0, 1, 2, 3])
@pytest.mark.parametrize('mirrored', [False, True])
def test_pictures_stand_upright(clips, codec, options, turns, mirrored):
    path = clips.write(codec=codec, options=options, frames=2)
    stored = read(path)[0]
    frames, source = read(clips.turn(path, turns, mirrored))
    for frame, before in zip(frames, stored):
        expected = np.rot90(before.image[:, ::-1] if mirrored else before.image, -turns)
        assert frame.image.shape == expected.shape == (source.info.height, source.info.width, 3)
        assert np.abs(frame.image.astype(float) - expected).mean() < 2


def test_variable_rates_keep_their_times(clips):
    ticks = [0, 10, 50, 51, 200, 1000]
    frames, _ = read(clips.write('a.mkv', frames=6, times=ticks, tick='1/1000'))
    assert np.allclose([f.time for f in frames], np.array(ticks) / 1000)
    frames, source = read(
        clips.write('b.mkv', frames=6, times=ticks, tick='1/1000'), start=Moment(0.05), end=Moment(0.2)
    )
    assert [f.index for f in frames] == [2, 3] and source.info.start == pytest.approx(0.05)


def test_a_change_of_size_in_the_middle_is_scaled(clips):
    parts = [clips.write(f'{i}.ts', size=size, frames=10) for i, size in enumerate([(160, 120), (320, 240)])]
    path = clips.folder / 'joined.ts'
    path.write_bytes(b''.join(p.read_bytes() for p in parts))
    frames, _ = read(path)
    assert len(frames) >= 19
    assert {f.image.shape for f in frames} == {(120, 160, 3)}
    assert clips.number_of(frames[-1].image) == 9


def test_a_given_rate_replaces_the_files_own(clips):
    frames, source = read(clips.write(frames=10), fps=100)
    assert [f.time for f in frames] == pytest.approx(np.arange(10) / 100)
    assert source.info.path is None and source.info.fps == 100


def test_a_trimmed_copy_leaves_out_what_its_edit_list_hides(clips):
    path = clips.write(frames=30, gop=10, options={'x264-params': 'scenecut=0:bframes=0'})
    cut = clips.folder / 'cut.mp4'
    with av.open(str(path)) as source, av.open(str(cut), 'w') as output:
        stream = source.streams.video[0]
        target = output.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.size and packet.pts >= 10 * 1001:
                packet.pts -= 14 * 1001  # as 'ffmpeg -ss' does: four frames before 0 are there to decode from
                packet.dts -= 14 * 1001
                packet.stream = target
                output.mux(packet)
    frames, _ = read(cut)
    assert [clips.number_of(f.image) for f in frames] == list(range(14, 30))
    assert [f.time for f in frames] == pytest.approx(np.arange(16) * 1001 / 30000)


# clocks that are not as they should be


def assert_whole(clips, caplog, path, times, abs=0.0011):
    """Every picture once, in order, at its time, and nothing said about damage."""
    frames, source = read(path)
    assert [clips.number_of(f.image) for f in frames] == [i % 256 for i in range(len(times))]
    assert [f.time for f in frames] == pytest.approx(times, abs=abs)
    assert source.skipped == 0 and not caplog.records
    return source


STEADY = [i / 30 for i in range(36)]
NO_B = {'bf': '0'}


@pytest.mark.parametrize('name, codec, options', [('a.mkv', 'libx264', NO_B), ('a.webm', 'libvpx-vp9', VP9)])
@pytest.mark.parametrize('change', [{10: 300}, {10: 297}, {10: 33}, {10: 9000}, {35: 0}, {0: 500}, {20: 600, 21: 600}])
def test_one_wrong_stamp_costs_neither_a_picture_nor_the_clock(clips, caplog, name, codec, options, change):
    path = clips.restamp(clips.write(name, frames=36, rate=30, codec=codec, options=options), change)
    assert assert_whole(clips, caplog, path, STEADY).info.fps == 30


@pytest.mark.parametrize('change', [{10: 300}, {10: 297}, {10: 33}, {10: 9000}, {35: 0}])
def test_the_same_with_b_frames_costs_a_frame_of_time_at_most(clips, caplog, change):
    path = clips.restamp(clips.write('a.mkv', frames=36, rate=30), change)
    assert_whole(clips, caplog, path, STEADY, abs=0.071)


@pytest.mark.parametrize('options', [NO_B, {}])
@pytest.mark.parametrize('numbers', [[10], [3, 17, 18], [35], range(1, 36, 3)])
def test_missing_stamps_are_filled_in(clips, caplog, options, numbers):
    path = clips.unstamp(clips.write('a.ts', frames=36, rate=30, options=options), numbers)
    assert assert_whole(clips, caplog, path, STEADY, abs=0.035).info.fps == 30


UNEVEN = [0, 64, 119, 169, 209, 251, 282, 315, 345, 382, 444, 499, 565, 615, 669, 737, 796, 851, 902, 954, 1008]


@pytest.mark.parametrize('name, codec, options', [('a.mkv', 'libx264', NO_B), ('a.webm', 'libvpx-vp9', VP9)])
def test_a_variable_rate_keeps_its_times_where_one_stamp_is_doubled(clips, caplog, name, codec, options):
    path = clips.write(name, frames=21, times=UNEVEN, tick='1/1000', codec=codec, options=options)
    source = assert_whole(clips, caplog, clips.restamp(path, {12: 499}), [t / 1000 for t in UNEVEN], abs=0.02)
    assert 15 < source.info.fps < 25


def test_a_doubled_stamp_from_the_field(shared, caplog):
    frames, source = read(shared('video', 'field', 'vfr_dup.mkv'))
    times = [frame.time for frame in frames]
    assert len(frames) == 36 and times[-1] == pytest.approx(1.748)
    assert times[19] == pytest.approx(0.954) and 0.955 < times[20] < 1.061
    assert source.info.fps == pytest.approx(20, abs=0.1) and not caplog.records


@pytest.mark.parametrize('name, options', [('a.mkv', NO_B), ('a.mkv', {}), ('a.mp4', {})])
@pytest.mark.parametrize('hours', [1, 20])
def test_a_pause_of_hours_is_kept_and_does_not_count_for_the_rate(clips, caplog, name, options, hours):
    times = [40 * i + 3_600_000 * hours * (i >= 20) for i in range(36)]
    path = clips.write(name, frames=36, rate=25, times=times, tick='1/1000', options=options)
    source = assert_whole(clips, caplog, path, [t / 1000 for t in times])
    assert source.info.fps == 25


@pytest.mark.parametrize('codec, options', [('libx264', {}), ('mpeg4', {'bf': '2'}), ('mpeg4', {})])
@pytest.mark.parametrize('dropped', [[5, 6, 7, 15, 20, 21, 30, 31], [15]])
def test_avi_with_dropped_frames_is_as_long_as_it_was(clips, caplog, codec, options, dropped):
    times = [i for i in range(36) if i not in dropped]
    path = clips.write('a.avi', frames=len(times), rate=30, times=times, tick='1/30', codec=codec, options=options)
    assert_whole(clips, caplog, path, [t / 30 for t in times])


@pytest.mark.parametrize('name', ['a.ts', 'a.h264', 'b.ts'])
def test_joined_recordings_follow_each_other(clips, caplog, name):
    options = NO_B if name == 'b.ts' else {}
    path = clips.write(name, frames=30, rate=30, options=options)
    path.write_bytes(path.read_bytes() * 3)
    frames, source = read(path)
    assert [clips.number_of(f.image) for f in frames] == list(range(30)) * 3
    assert np.diff([f.time for f in frames]) == pytest.approx(1 / (30 if name != 'a.h264' else source.info.fps))
    frames, _ = read(path, start=Moment(40, True), end=Moment(45, True))
    assert [clips.number_of(f.image) for f in frames] == [10, 11, 12, 13, 14]


def test_a_trimmed_copy_is_not_said_to_lack_frames(clips, caplog):
    test_a_trimmed_copy_leaves_out_what_its_edit_list_hides(clips)
    assert not caplog.records


# what phones, cameras, recorders and servers write; docs/inputs.md lists it


class Pipe(io.RawIOBase):
    """A file that cannot be gone back in, as recorders in browsers write."""

    def __init__(self):
        self.content = b''

    def writable(self):
        return True

    def write(self, data):
        self.content += bytes(data)
        return len(data)


def test_a_browsers_recording_without_length_or_index(clips, caplog):
    pipe, path = Pipe(), clips.folder / 'a.webm'
    times = [0, 16, 33, 66, 116, 132, 149, 182, 232, 248]
    with av.open(pipe, 'w', format='webm', options={'live': '1'}) as output:
        stream = output.add_stream('libvpx-vp9', rate=30, options=VP9)
        stream.width, stream.height, stream.pix_fmt = 160, 120, 'yuv420p'
        stream.codec_context.time_base = Fraction(1, 1000)
        for i, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(clips.image(i, 160, 120), 'rgb24')
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    path.write_bytes(pipe.content)
    assert_whole(clips, caplog, path, [time / 1000 for time in times])


def test_a_stream_whose_33_bit_clock_wraps(clips, caplog):
    offset = 2**33 / 90000 - 1.5 - 1.4  # the muxer adds 1.4 s
    path = clips.write('a.ts', frames=90, rate=30, container={'output_ts_offset': str(offset)})
    assert_whole(clips, caplog, path, [i / 30 for i in range(90)])


def test_a_recording_that_a_crash_cut_off(clips, caplog):
    whole = clips.write('a.mp4', frames=60, rate=30, container={'movflags': 'frag_keyframe+empty_moov'})
    whole.write_bytes(whole.read_bytes()[: int(0.6 * whole.stat().st_size)])
    frames, _ = read(whole)
    assert [clips.number_of(f.image) for f in frames] == [round(30 * f.time) for f in frames] and len(frames) > 20
    lost = clips.write('b.mp4', frames=10)
    lost.write_bytes(lost.read_bytes()[: lost.read_bytes().index(b'moov') - 4])
    with pytest.raises(InputError, match='b.mp4: not a video that can be read'):
        read(lost)


@pytest.mark.parametrize(
    'name, codec, pixels, size, shown',
    [
        ('a.dv', 'dvvideo', 'yuv420p', (720, 576), (768, 576)),  # a camcorder's tape
        ('a.vob', 'mpeg2video', 'yuv420p', (720, 576), (720, 576)),
        ('a.mxf', 'mpeg2video', 'yuv422p', (160, 120), (160, 120)),
        ('a.3gp', 'h263', 'yuv420p', (176, 144), (192, 144)),
        ('a.mov', 'prores_ks', 'yuva444p10le', (160, 120), (160, 120)),  # with transparency
        ('b.mov', 'qtrle', 'rgb24', (160, 120), (160, 120)),  # of the screen
        ('a.nut', 'rawvideo', 'yuv420p', (160, 120), (160, 120)),
    ],
)
def test_files_of_camcorders_and_editors(clips, name, codec, pixels, size, shown):
    frames, source = read(clips.write(name, codec=codec, pixels=pixels, size=size, frames=12, rate=25))
    assert [clips.number_of(f.image) for f in frames] == list(range(12))
    assert (source.info.width, source.info.height, source.info.fps) == (*shown, 25)


@pytest.mark.parametrize('rate', [Fraction(1, 10), 240, 960])
def test_very_slow_and_very_fast_cameras(clips, caplog, rate):
    path = clips.write(frames=20, rate=rate)
    assert assert_whole(clips, caplog, path, [i / float(rate) for i in range(20)]).info.fps == rate


def test_of_two_cameras_in_a_file_one_is_read_and_that_is_said(clips, caplog):
    path = clips.folder / 'front_and_rear.mp4'
    with av.open(str(path), 'w') as output:
        streams = [output.add_stream('libx264', rate=30) for _ in range(2)]
        for stream, scale in zip(streams, (1, 2)):
            stream.width, stream.height, stream.pix_fmt = 160 * scale, 120 * scale, 'yuv420p'
        for stream in streams:
            for i in range(10):
                image = clips.image(i, stream.width, stream.height)
                output.mux(stream.encode(av.VideoFrame.from_ndarray(image, 'rgb24')))
            output.mux(stream.encode(None))
    frames, source = read(path)
    assert [clips.number_of(f.image) for f in frames] == list(range(10)) and source.info.width == 160
    assert [r.message for r in caplog.records] == [f'{path}: holds 2 video tracks; that of 160x120 px is read']


# damage


def damaged(path, begin, length, seed=0):
    data = bytearray(path.read_bytes())
    data[begin : begin + length] = random.Random(seed).randbytes(len(data[begin : begin + length]))
    path.write_bytes(data)
    return path


def largest_frames(path):
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
        return [(p.pos, p.size) for p in packets]


@pytest.mark.parametrize(
    'name, codec, options',
    [
        ('a.mp4', 'libx264', {}),
        ('c.mp4', 'libx265', {}),
        ('b.mp4', 'libvpx-vp9', VP9),
        ('a.mov', 'prores_ks', {}),
        ('b.avi', 'mpeg4', {}),
    ],
)
def test_a_damaged_frame_is_reported_and_skipped(clips, caplog, name, codec, options):
    pixels = 'yuv422p10le' if codec == 'prores_ks' else 'yuv420p'
    path = clips.write(
        name,
        codec=codec,
        options=options,
        pixels=pixels,
        frames=40,
        container=FAST_START if name.endswith(('mp4', 'mov')) else {},
    )
    position, size = largest_frames(path)[20]
    frames, source = read(damaged(path, position + 4, size - 4))
    indices = [f.index for f in frames]
    assert indices == sorted(set(indices)) and indices[0] == 0 and indices[-1] == 39
    assert 1 <= source.skipped <= 12 and len(frames) == 40 - source.skipped
    missing = sorted(set(range(40)) - set(indices))
    assert 14 <= missing[0] <= 25
    assert [clips.number_of(f.image) for f in frames[: missing[0]]] == indices[: missing[0]]
    assert clips.number_of(frames[-1].image) == 39
    report = [r.message for r in caplog.records if r.levelno == logging.WARNING]
    assert len(report) == 1
    assert f'{source.skipped} of 40 frames are damaged and were skipped' in report[0]
    assert f'the first at {missing[0] * 1001 / 30000:.3f} s' in report[0]


@pytest.mark.parametrize(
    'name, codec, options',
    [
        ('a.mp4', 'libx264', {}),
        ('a.mkv', 'libx264', {}),
        ('a.ts', 'libx264', {}),
        ('b.mp4', 'libvpx-vp9', VP9),
        ('b.avi', 'mpeg4', {}),
        ('a.webm', 'libvpx-vp9', VP9),
    ],
)
@pytest.mark.parametrize('share', [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_truncated_file_is_read_up_to_where_it_breaks(clips, caplog, name, codec, options, share):
    path = clips.write(
        name, codec=codec, options=options, frames=60, gop=12, container=FAST_START if name.endswith('mp4') else {}
    )
    data = path.read_bytes()
    keep = int(len(data) * share)
    path.write_bytes(data[:keep])
    try:
        frames, source = read(path)
    except InputError as error:
        assert share == 0.1 and 'a.' in str(error) or 'b.' in str(error)
        return
    # the frame before the last may be lost too: it is stored after it
    assert [clips.number_of(f.image) for f in frames] == [round(f.time * 30000 / 1001) for f in frames]
    assert 60 * share * 0.5 - 4 <= len(frames) < 60
    if name.endswith(('mp4', 'avi', 'mkv')) and share < 0.7:
        assert any('promises' in r.message for r in caplog.records)


def test_no_position_of_a_cut_hangs_or_raises_anything_else(clips):
    path = clips.write(frames=12, container=FAST_START)
    data = path.read_bytes()
    counts = []
    for keep in range(0, len(data), max(1, len(data) // 60)):
        path.write_bytes(data[:keep])
        try:
            counts.append(len(read(path)[0]))
        except InputError as error:
            assert str(path) in str(error) and '\n' not in str(error)
            counts.append(0)
    # a cut may cost the frames that wait for the one it hits, but no more
    assert all(count >= max(counts[: i + 1]) - 3 for i, count in enumerate(counts))
    assert counts[0] == 0 and counts[-1] >= 10


@pytest.mark.parametrize('seed', range(12))
@pytest.mark.parametrize(
    'name, codec, options', [('a.mp4', 'libx264', {}), ('b.webm', 'libvpx-vp9', VP9), ('a.ts', 'libx264', {})]
)
def test_random_damage_anywhere_ends_well(clips, name, codec, options, seed):
    path = clips.write(name, codec=codec, options=options, frames=30)
    size = path.stat().st_size
    where = random.Random(seed).randrange(size)
    try:
        frames, _ = read(damaged(path, where, random.Random(seed + 100).choice([1, 40, 2000]), seed))
    except InputError as error:
        assert str(path) in str(error)
        return
    indices = [f.index for f in frames]
    assert indices == sorted(set(indices)) and len(frames) <= 30


def test_leaving_early_lets_go_of_the_file(clips):
    path = clips.write(frames=40)
    with VideoFile(path) as source:
        for frame in source:
            if frame.index == 3:
                break
    assert [f.index for f in read(path)[0]] == list(range(40))


@pytest.mark.parametrize(
    'name, codec, options', [('a.mp4', 'libx264', {'preset': 'ultrafast'}), ('a.webm', 'libvpx-vp9', VP9)]
)
def test_memory_does_not_grow_with_length(clips, name, codec, options):
    image = clips.image(1, 640, 360)
    path = clips.write(name, codec=codec, options=options, size=(640, 360), frames=600, images=lambda i: image)
    with VideoFile(path) as source:
        for frame in source:
            if frame.index == 100:
                before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert frame.index == 599
    assert (after - before) / 1024 < 20  # MB; 500 frames would take 350


def test_real_clips(shared):
    expected = {
        'basketball_240p': 300,
        'crowd_above_3fps': 8,
        'store_aisle_detection': 67,
        'street_5fps': 5,
        'two_people_1080p': 72,
        'worker_zone_detection': 71,
    }
    for name, count in expected.items():
        frames, source = read(shared('video', f'{name}.mp4'))
        assert len(frames) == source.info.num_frames == count and source.skipped == 0
        assert [f.index for f in frames] == list(range(count))
