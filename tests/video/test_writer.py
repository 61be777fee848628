import errno
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.types import VideoInfo
from pipeline.video import BackgroundWriter, VideoWriter, open_source

NTSC = Fraction(30000, 1001)


def info_of(rate=NTSC, start=0.0):
    return VideoInfo('test', 160, 120, Fraction(rate), start=start)


def write(path, clips, times, size=(160, 120), info=None, **options):
    with VideoWriter(path, info or info_of(), **options) as writer:
        for i, time in enumerate(times):
            writer.write(clips.image(i, *size), time)
    return path


def read(path):
    with open_source(path) as source:
        return list(source), source.info


def stream_of(path):
    """Facts of the first video stream, read while the file is open."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        pts = sorted(p.pts for p in container.demux(stream) if p.size)
        return {
            'rate': stream.average_rate,
            'seconds': stream.duration * stream.time_base,
            'frames': stream.frames,
            'start': stream.start_time,
            'times': [t * stream.time_base for t in pts],
            'codec': context.name,
            'profile': context.profile,
            'pixels': context.pix_fmt,
            'size': (context.width, context.height),
            'colours': (context.color_primaries, context.color_trc, context.colorspace, context.color_range),
        }


@pytest.mark.parametrize('rate', ['30000/1001', '24000/1001', '25', '60', '3', '60000/1001', '15', '12345/679'])
def test_rate_count_times_and_duration_are_exact(tmp_path, clips, rate):
    rate = Fraction(rate)
    times = [float(i / rate) for i in range(50)]
    facts = stream_of(write(tmp_path / 'a.mp4', clips, times, info=info_of(rate)))
    assert facts['rate'] == rate and facts['frames'] == 50 and facts['start'] == 0
    assert facts['times'] == [i / rate for i in range(50)]
    assert facts['seconds'] == 50 / rate


def test_a_variable_rate_keeps_its_times_and_duration(tmp_path, clips):
    times = [0, 0.01, 0.05, 0.051, 0.2, 1.0, 1.033, 1.1]
    facts = stream_of(write(tmp_path / 'a.mp4', clips, times, info=info_of(8)))
    assert [float(t) for t in facts['times']] == pytest.approx(times, abs=1 / 90000)
    assert float(facts['seconds']) == pytest.approx(1.1 + 0.067, abs=1e-3)


def test_a_pause_longer_than_mp4_can_hold_is_shortened(tmp_path, clips, caplog):
    hours = 3600.0
    times = [0, 0.04, 2 * hours, 20 * hours, 20 * hours + 0.04, 20 * hours + 0.08]
    facts = stream_of(write(tmp_path / 'a.mp4', clips, times, info=info_of(25)))
    gaps = np.diff([float(t) for t in facts['times']])
    assert gaps == pytest.approx([0.04, 2 * hours - 0.04, (2**31 - 2**16) / 90000, 0.04, 0.04])
    assert 'shortened' in caplog.text


def test_frames_within_one_tick_are_kept_apart(tmp_path, clips):
    times = stream_of(write(tmp_path / 'a.mp4', clips, [0.0, 0.0, 0.0, 0.1]))['times']
    assert len(set(times)) == 4 and float(times[2]) < 1e-4


def test_plays_everywhere(tmp_path, clips):
    path = write(tmp_path / 'a.mp4', clips, [0, 0.04])
    facts = stream_of(path)
    assert (facts['codec'], facts['profile'], facts['pixels']) == ('h264', 'High', 'yuv420p')
    assert facts['colours'] == (1, 1, 1, 1)  # BT.709 three times, limited range
    data = path.read_bytes()
    assert data.index(b'moov') < data.index(b'mdat')
    assert b'nclx' in data


@pytest.mark.parametrize(
    'size, stored',
    [((101, 57), (102, 58)), ((8, 8), (8, 8)), ((1, 1), (2, 2)), ((160, 121), (160, 122)), ((426, 240), (426, 240))],
)
def test_odd_sizes_lose_no_pixel(tmp_path, clips, size, stored):
    path = write(tmp_path / 'a.mp4', clips, [0, 0.04, 0.08], size=size, crf=10)
    assert stream_of(path)['size'] == stored
    for i, frame in enumerate(read(path)[0]):
        shown = frame.image[: size[1], : size[0]].astype(float)
        assert np.abs(shown - clips.image(i, *size)).mean() < 12


@pytest.mark.parametrize('preset', ['ultrafast', 'superfast', 'veryfast'])
def test_pictures_come_back_close(tmp_path, clips, preset):
    path = write(tmp_path / 'a.mp4', clips, np.arange(30) / 30, size=(320, 240), preset=preset, crf=18)
    frames, _ = read(path)
    assert [clips.number_of(f.image) for f in frames] == list(range(30))
    for frame in frames:
        # brightness; the gradient's sharp coloured edges cannot survive 4:2:0
        error = frame.image[64:].astype(float) - clips.image(frame.index, 320, 240)[64:]
        error = error @ [0.2126, 0.7152, 0.0722]
        assert 10 * np.log10(255**2 / np.mean(error**2)) > 38


@pytest.mark.parametrize('colour', [(255, 0, 0), (0, 255, 0), (0, 0, 255), (200, 150, 120)])
def test_colours_survive_the_way_out_and_in(tmp_path, colour):
    with VideoWriter(tmp_path / 'a.mp4', info_of(), crf=5) as writer:
        writer.write(np.full((64, 64, 3), colour, np.uint8), 0.0)
    assert np.abs(read(tmp_path / 'a.mp4')[0][0].image.astype(int) - colour).max() <= 4


@pytest.mark.parametrize(
    'name, options',
    [
        ('a.mkv', {'times': [0, 10, 50, 51, 200, 1000], 'tick': '1/1000', 'frames': 6}),
        ('a.mp4', {}),
        ('a.mp4', {'rate': Fraction(25)}),
        ('a.ts', {}),
        ('a.mp4', {'frames': 1}),
        ('a.webm', {'codec': 'libvpx-vp9', 'options': {'deadline': 'realtime'}}),
    ],
)
def test_a_source_and_its_copy_agree(tmp_path, clips, name, options):
    frames, info = read(clips.write(name, **options))
    with VideoWriter(tmp_path / 'copy.mp4', info) as writer:
        for frame in frames:
            writer.write(frame.image, frame.time)
    copies, copy = read(tmp_path / 'copy.mp4')
    assert len(copies) == len(frames) and (copy.width, copy.height) == (info.width, info.height)
    assert [f.time for f in copies] == pytest.approx([f.time for f in frames], abs=1 / 90000)
    if 'times' not in options:
        assert copy.fps == info.fps
    for a, b in zip(frames, copies):
        assert clips.number_of(a.image) == clips.number_of(b.image)


def test_a_start_in_the_middle_becomes_zero(tmp_path, clips):
    with open_source(clips.write(frames=40), start='10f', end='20f') as source:
        with VideoWriter(tmp_path / 'a.mp4', source.info) as writer:
            for frame in source:
                writer.write(frame.image, frame.time)
    facts = stream_of(tmp_path / 'a.mp4')
    assert facts['times'] == [i / NTSC for i in range(10)] and facts['seconds'] == 10 / NTSC


def test_a_real_clip_with_a_pause(tmp_path, shared):
    with open_source(shared('video', 'two_people_1080p.mp4')) as source:
        with BackgroundWriter(VideoWriter(tmp_path / 'a.mp4', source.info, preset='ultrafast')) as writer:
            for frame in source:
                writer.write(frame.image[::4, ::4].copy(), frame.time)
    before, after = (stream_of(p) for p in (shared('video', 'two_people_1080p.mp4'), tmp_path / 'a.mp4'))
    assert before['rate'] == after['rate'] and before['frames'] == after['frames']
    for a, b in zip(after['times'], before['times']):
        assert abs(a - b) <= Fraction(1, 90000)
    assert float(after['seconds']) == pytest.approx(float(before['seconds']), abs=1 / 90000)


# how it ends


def leftovers(folder: Path):
    return sorted(p.name for p in folder.iterdir())


@pytest.mark.parametrize('wrap', [lambda sink: sink, BackgroundWriter])
def test_ctrl_c_keeps_a_playable_file(tmp_path, clips, wrap):
    with pytest.raises(KeyboardInterrupt):
        with wrap(VideoWriter(tmp_path / 'a.mp4', info_of())) as writer:
            for i in range(7):
                writer.write(clips.image(i, 160, 120), i / 30)
            raise KeyboardInterrupt
    assert [clips.number_of(f.image) for f in read(tmp_path / 'a.mp4')[0]] == list(range(7))
    assert leftovers(tmp_path) == ['a.mp4']


@pytest.mark.parametrize('wrap', [lambda sink: sink, BackgroundWriter])
@pytest.mark.parametrize('written', [0, 1, 30])
def test_an_error_leaves_nothing(tmp_path, clips, wrap, written):
    with pytest.raises(ZeroDivisionError):
        with wrap(VideoWriter(tmp_path / 'a.mp4', info_of())) as writer:
            for i in range(written):
                writer.write(clips.image(i, 160, 120), i / 30)
            raise ZeroDivisionError
    assert leftovers(tmp_path) == []


def test_without_a_frame_there_is_no_file(tmp_path):
    with VideoWriter(tmp_path / 'a.mp4', info_of()):
        pass
    assert leftovers(tmp_path) == []


def test_finish_and_abort_can_be_repeated(tmp_path, clips):
    writer = VideoWriter(tmp_path / 'a.mp4', info_of())
    writer.write(clips.image(0, 160, 120), 0.0)
    writer.finish()
    writer.finish()
    writer.abort()
    assert len(read(tmp_path / 'a.mp4')[0]) == 1


def test_an_existing_file_is_replaced_only_by_force_and_only_when_done(tmp_path, clips):
    path = tmp_path / 'a.mp4'
    path.write_text('precious')
    with pytest.raises(InputError, match='exists already'):
        VideoWriter(path, info_of())
    with pytest.raises(ZeroDivisionError):
        with VideoWriter(path, info_of(), force=True) as writer:
            writer.write(clips.image(0, 160, 120), 0.0)
            raise ZeroDivisionError
    assert path.read_text() == 'precious'
    write(path, clips, [0.0], force=True)
    assert len(read(path)[0]) == 1


@pytest.mark.parametrize(
    'options, message',
    [
        ({'preset': 'warp'}, "encoder preset 'warp' is unknown; choose from ultrafast"),
        ({'crf': 99}, 'crf 99'),
        ({'crf': -1}, 'crf -1'),
    ],
)
def test_unknown_options_are_refused(tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        VideoWriter(tmp_path / 'a.mp4', info_of(), **options)


def test_unfit_names_are_refused(tmp_path):
    with pytest.raises(InputError, match='is written as .mp4, .mov or .mkv'):
        VideoWriter(tmp_path / 'a.gif', info_of())
    with pytest.raises(InputError, match='is a folder'):
        VideoWriter(tmp_path, info_of())


def test_images_of_another_size_are_a_mistake_of_the_program(tmp_path, clips):
    with pytest.raises(ValueError, match='began with images of shape'):
        with VideoWriter(tmp_path / 'a.mp4', info_of()) as writer:
            writer.write(clips.image(0, 160, 120), 0.0)
            writer.write(clips.image(0, 80, 60), 0.1)
    assert leftovers(tmp_path) == []


def test_pictures_beyond_h264_are_refused(tmp_path):
    with pytest.raises(InputError, match='cannot hold pictures of 20000x16'):
        with VideoWriter(tmp_path / 'a.mp4', info_of()) as writer:
            writer.write(np.zeros((16, 20000, 3), np.uint8), 0.0)
    assert leftovers(tmp_path) == []


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 300 kB."""
    folder = tmp_path / 'tiny'
    folder.mkdir()
    made = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=300k', 'tmpfs', str(folder)], capture_output=True)
    if made.returncode:
        pytest.skip('only an administrator can mount a small file system')
    yield folder
    subprocess.run(['umount', str(folder)], check=True)


@pytest.mark.parametrize('wrap', [lambda sink: sink, BackgroundWriter])
@pytest.mark.parametrize('frames', [5, 60])
def test_a_full_disk_is_one_line_and_leaves_nothing(tiny_disk, wrap, frames):
    noise = np.random.default_rng(0)
    with pytest.raises(InputError, match='a.mp4: no space left on the disk'):
        with wrap(VideoWriter(tiny_disk / 'a.mp4', info_of())) as writer:
            for i in range(frames):
                writer.write(noise.integers(0, 256, (360, 640, 3), dtype=np.uint8), i / 30)
    assert leftovers(tiny_disk) == []


@pytest.mark.parametrize(
    'code, message',
    [(errno.ENOSPC, 'no space left'), (errno.EDQUOT, 'no space left'), (errno.EIO, 'cannot be written')],
)
def test_errors_of_the_disk_are_one_line(tmp_path, clips, monkeypatch, code, message):
    def fail(self, packets):
        raise OSError(code, 'says the system')

    monkeypatch.setattr(VideoWriter, '_mux', fail)
    with pytest.raises(InputError, match=message):
        write(tmp_path / 'a.mp4', clips, [0.0])
    assert leftovers(tmp_path) == []


CHAIN = """
import sys
from pipeline.video import BackgroundWriter, VideoWriter, open_source, prefetch
with open_source(sys.argv[1]) as source, BackgroundWriter(VideoWriter(sys.argv[2], source.info)) as writer:
    for frame in prefetch(source):
        writer.write(frame.image, frame.time)
        if frame.index == 20:
            print('running', flush=True)
"""


def test_an_interrupted_process_leaves_a_playable_file_and_ends_at_once(tmp_path, clips, repository):
    source = clips.write(frames=250, size=(320, 240), options={'preset': 'ultrafast'})
    process = subprocess.Popen(
        [sys.executable, '-c', CHAIN, str(source), str(tmp_path / 'out.mp4')],
        cwd=repository,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # tests in the background of a shell inherit an ignored SIGINT
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout.readline() == b'running\n'
    process.send_signal(signal.SIGINT)
    _, messages = process.communicate(timeout=60)
    assert process.returncode != 0 and b'KeyboardInterrupt' in messages
    frames, _ = read(tmp_path / 'out.mp4')
    assert [clips.number_of(f.image) for f in frames] == list(range(len(frames))) and 20 <= len(frames) < 250
    assert leftovers(tmp_path) == ['clip.mp4', 'out.mp4']
