"""The clips' tone begins on every whole second; so must what is carried over."""

import errno
import logging
from fractions import Fraction
from itertools import count

import av
import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.video import VideoWriter, open_source
from pipeline.video.sound_clock import SoundClock

FRAMES, RATE = 90, 30  # three seconds


def carry_over(source_path, target, **range_):
    with open_source(source_path, **range_) as source:
        with VideoWriter(target, source.info, audio_from=source.info.path, preset='ultrafast') as writer:
            for frame in source:
                writer.write(frame.image, frame.time)
    return target


def listen(path):
    """Codec, seconds at which the tone sets in, and end in seconds of the first audio stream."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        name = stream.codec_context.codec.canonical_name
        onsets, end, was_loud = [], 0.0, False
        resampler = av.AudioResampler('flt', 'mono', 48000)
        for frame in container.decode(stream):
            for part in resampler.resample(frame):
                begin = float(frame.pts * frame.time_base)
                loud = np.abs(part.to_ndarray()[0]) > 0.05
                times = begin + np.arange(len(loud)) / 48000
                rising = np.flatnonzero(loud)
                if len(rising) and not was_loud and (not onsets or times[rising[0]] - onsets[-1] > 0.5):
                    onsets.append(times[rising[0]])
                was_loud = bool(loud[-48:].any())
                end = times[-1]
        return name, onsets, end


@pytest.mark.parametrize(
    'name, tone, codec, copied_to',
    [
        ('a.mp4', 'aac', 'libx264', 'aac'),
        ('a.mkv', 'libmp3lame', 'libx264', 'mp3'),
        ('a.ts', 'aac', 'libx264', 'aac'),
        ('a.mkv', 'ac3', 'libx264', 'ac3'),
        ('a.mkv', 'flac', 'libx264', 'flac'),
        ('a.mkv', 'pcm_s16le', 'libx264', 'aac'),
        ('a.mov', 'pcm_s16le', 'libx264', 'aac'),
        ('a.mkv', 'libvorbis', 'libx264', 'aac'),
        ('a.webm', 'libopus', 'libvpx-vp9', 'opus'),
        ('a.avi', 'mp2', 'mpeg4', 'aac'),
    ],
)
def test_audio_is_kept_in_time(clips, tmp_path, name, tone, codec, copied_to):
    options = {'deadline': 'realtime'} if codec == 'libvpx-vp9' else {}
    path = clips.write(name, frames=FRAMES, rate=RATE, codec=codec, tone=tone, options=options)
    before, after = listen(path), listen(carry_over(path, tmp_path / 'out.mp4'))
    assert after[0] == copied_to
    assert len(before[1]) == len(after[1]) == 3
    offset = video_start(path)
    assert after[1] == pytest.approx([t - offset for t in before[1]], abs=0.03)
    assert after[2] == pytest.approx(3.0, abs=0.06)


def video_start(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return float((stream.start_time or 0) * stream.time_base)


@pytest.mark.parametrize('name, tone', [('a.mp4', 'aac'), ('a.mkv', 'pcm_s16le'), ('a.ts', 'aac')])
@pytest.mark.parametrize(
    'start, end, onsets', [('0.5', '2.5', [0.5, 1.5]), ('45f', None, [0.5]), ('1.9', '2.2', [0.1]), ('0.2', '0.9', [])]
)
def test_audio_is_cut_to_the_frames(clips, tmp_path, name, tone, start, end, onsets):
    path = clips.write(name, frames=FRAMES, rate=RATE, tone=tone)
    _, heard, audio_end = listen(carry_over(path, tmp_path / 'out.mp4', start=start, end=end))
    assert heard == pytest.approx(onsets, abs=0.05)
    with open_source(tmp_path / 'out.mp4') as source:
        assert audio_end == pytest.approx(source.info.num_frames / RATE, abs=0.08)


def test_silent_sources_give_silent_files(clips, tmp_path):
    carry_over(clips.write(frames=5), tmp_path / 'out.mp4')
    with av.open(str(tmp_path / 'out.mp4')) as container:
        assert len(container.streams.audio) == 0


def test_damaged_audio_costs_only_the_audio(clips, tmp_path, caplog):
    path = clips.write('a.mkv', frames=FRAMES, rate=RATE, tone='libvorbis')
    with av.open(str(path)) as container:
        positions = [(p.pos, p.size) for p in container.demux(audio=0) if p.size]
    data = bytearray(path.read_bytes())
    for position, size in positions[20:60]:
        if size > 20:
            data[position + 12 : position + size] = np.random.default_rng(position).bytes(size - 12)
    path.write_bytes(data)
    with caplog.at_level(logging.ERROR):
        carry_over(path, tmp_path / 'out.mp4')
    with open_source(tmp_path / 'out.mp4') as source:
        assert len(list(source)) >= FRAMES - 5
    assert len(listen(tmp_path / 'out.mp4')[1]) >= 1


def test_a_file_that_is_gone_costs_only_the_audio(clips, tmp_path, caplog):
    with open_source(clips.write(frames=5)) as source:
        with VideoWriter(tmp_path / 'out.mp4', source.info, audio_from=tmp_path / 'gone.mp4') as writer:
            for frame in source:
                writer.write(frame.image, frame.time)
    assert 'gone.mp4' in caplog.text and 'its audio is left out' in caplog.text
    with open_source(tmp_path / 'out.mp4') as source:
        assert source.info.num_frames == 5


# the kinds of trouble of the field


BEEPS = [0.3, 0.6, 0.9]


def listen_closely(path):
    """Seconds at which beeps set in, to the millisecond."""
    with av.open(str(path)) as container:
        onsets, loud_until = [], -1.0
        resampler = av.AudioResampler('flt', 'mono', 48000)
        for frame in container.decode(container.streams.audio[0]):
            for part in resampler.resample(frame):
                begin, wave = float(part.pts * part.time_base), part.to_ndarray()[0]
                for i in range(0, len(wave), 48):
                    if np.abs(wave[i : i + 48]).max() > 0.1:
                        if begin + i / 48000 > loud_until + 0.08:
                            onsets.append(begin + i / 48000)
                        loud_until = begin + i / 48000
        return onsets


def pictures_of(path):
    with open_source(path) as source:
        return len(list(source))


@pytest.mark.parametrize(
    'name, beeps, frames, said',
    [
        ('sound.mp4', BEEPS, 36, ''),
        ('dup_mp3.mkv', BEEPS, 36, 'the clock of its audio is broken at 0.433 s'),
        ('join_aac.mts', BEEPS + [1.2 + beep for beep in BEEPS], 72, 'the clock of its audio is broken at 1.2'),
        ('midgop.ts', [beep - 4 / 30 for beep in BEEPS], 24, ''),  # cut four frames after the beginning
        ('iphone16.mov', BEEPS, 36, ''),
    ],
)
def test_sound_from_the_field_stays_in_time(shared, tmp_path, caplog, name, beeps, frames, said):
    out = carry_over(shared('video', 'field', name), tmp_path / 'out.mp4')
    assert listen_closely(out) == pytest.approx(beeps, abs=0.005)
    assert pictures_of(out) == frames
    lines = [r.message for r in caplog.records if 'audio' in r.message]
    assert [said in line for line in lines] == [True] * bool(said)


@pytest.mark.parametrize('tone', ['aac', 'mp2'])  # copied, and encoded anew
@pytest.mark.parametrize('seconds', [1, 2])
def test_joined_recordings_have_the_sound_of_both(clips, tmp_path, tone, seconds):
    """Two MPEG-TS files one after the other: all clocks start anew in the middle."""
    part = clips.write('part.ts', frames=30 * seconds, rate=30, tone=tone)
    joined = tmp_path / 'joined.ts'
    joined.write_bytes(part.read_bytes() * 2)
    out = carry_over(joined, tmp_path / 'out.mp4')
    offset = video_start(part)
    once = [t - offset for t in listen_closely(part)]
    assert listen_closely(out) == pytest.approx([*once, *(t + seconds for t in once)], abs=0.03)
    assert pictures_of(out) == 60 * seconds


@pytest.mark.parametrize('codec', ['aac', 'mp2'])
def test_joined_recordings_may_differ_in_rate_and_channels(tmp_path, codec):
    joined = tmp_path / 'joined.ts'
    for rate, layout in ((48000, 'mono'), (44100, 'stereo')):
        with av.open(str(tmp_path / 'part.ts'), 'w') as output:
            video, audio = output.add_stream('libx264', rate=30), output.add_stream(codec, rate=rate, layout=layout)
            video.width, video.height, video.pix_fmt = 160, 120, 'yuv420p'
            picture = av.VideoFrame.from_ndarray(np.zeros((120, 160, 3), np.uint8), 'rgb24')
            clock = np.arange(rate) / rate
            wave = (9000 * np.sin(2 * np.pi * 1000 * clock) * (clock % 0.5 < 0.1)).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(np.repeat(wave, 1 + (layout == 'stereo'))[None], 's16', layout)
            frame.rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
            packets = [packet for _ in range(30) for packet in video.encode(picture)] + video.encode(None)
            packets += [*audio.encode(frame), *audio.encode(None)]
            for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
                output.mux(packet)
        with open(joined, 'ab') as file:
            file.write((tmp_path / 'part.ts').read_bytes())
    out = carry_over(joined, tmp_path / 'out.mp4')
    assert listen_closely(out) == pytest.approx([0, 0.5, 1, 1.5], abs=0.03) and pictures_of(out) == 60


@pytest.mark.parametrize('tone', ['aac', 'pcm_s16le'])
@pytest.mark.parametrize('hours', [3, 100])
def test_sound_whose_clock_jumps_ahead_goes_on_where_it_was(clips, tmp_path, caplog, tone, hours):
    path = clips.write('a.mkv', frames=FRAMES, rate=RATE, tone=tone)
    jumped = tmp_path / 'jumped.mkv'
    with av.open(str(path)) as source, av.open(str(jumped), 'w') as output:
        targets = [output.add_stream_from_template(stream) for stream in source.streams]
        for packet in source.demux():
            if packet.size:
                if packet.stream_index and packet.pts * packet.time_base > 1.5:
                    packet.pts += round(3600 * hours / packet.time_base)
                    packet.dts = packet.pts
                packet.stream = targets[packet.stream_index]
                output.mux(packet)
    assert listen_closely(carry_over(jumped, tmp_path / 'out.mp4')) == pytest.approx(listen_closely(path), abs=0.03)
    assert sum('broken' in r.message for r in caplog.records) == 1


def test_a_codec_that_mp4_holds_but_not_at_this_rate_is_encoded_anew(tmp_path):
    path = tmp_path / 'a.mkv'
    with av.open(str(path), 'w') as output:
        video, audio = output.add_stream('libx264', rate=30), output.add_stream('libmp3lame', rate=8000, layout='mono')
        video.width, video.height, video.pix_fmt = 160, 120, 'yuv420p'
        for _ in range(30):
            output.mux(video.encode(av.VideoFrame.from_ndarray(np.zeros((120, 160, 3), np.uint8), 'rgb24')))
        output.mux(video.encode(None))
        wave = (9000 * np.sin(np.arange(8000))).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(wave, 's16', 'mono')
        frame.rate = 8000
        output.mux(audio.encode(frame))
        output.mux(audio.encode(None))
    out = carry_over(path, tmp_path / 'out.mp4')
    assert listen(out)[0] == 'aac' and pictures_of(out) == 30
    assert listen_closely(out) == pytest.approx(listen_closely(path), abs=0.03)


def test_sound_that_nobody_can_decode_is_said(clips, tmp_path, caplog):
    path = clips.write('a.mkv', frames=5, tone='aac')
    path.write_bytes(path.read_bytes().replace(b'A_AAC', b'A_XYZ'))
    out = carry_over(path, tmp_path / 'out.mp4')
    assert pictures_of(out) == 5
    assert [r.message for r in caplog.records] == [f'{path}: no decoder here knows its audio; the overlay has none']


@pytest.mark.parametrize('fault', [OverflowError('too large'), TypeError('None'), BlockingIOError(11, 'again')])
def test_no_fault_of_the_sound_costs_the_pictures(clips, tmp_path, caplog, monkeypatch, fault):
    def fail(*_):
        raise fault

    monkeypatch.setattr(SoundClock, 'place', fail)
    out = carry_over(clips.write('a.mp4', frames=FRAMES, rate=RATE, tone='aac'), tmp_path / 'out.mp4')
    assert pictures_of(out) == FRAMES
    assert sum('its audio cannot be carried over from' in r.message for r in caplog.records) == 1


def test_a_full_disk_is_no_fault_of_the_sound(clips, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, 'full')

    monkeypatch.setattr(SoundClock, 'place', fail)
    with pytest.raises(InputError, match='no space left'):
        carry_over(clips.write('a.mp4', frames=5, tone='aac'), tmp_path / 'out.mp4')


def test_a_muxer_that_refuses_a_packet_of_sound_still_gets_the_pictures(clips, tmp_path, caplog, monkeypatch):
    times = (Fraction(1000 - i, 1000) for i in count())  # run back
    monkeypatch.setattr(SoundClock, 'place', lambda self, stamp, duration: next(times))
    out = carry_over(clips.write('a.mp4', frames=FRAMES, rate=RATE, tone='aac'), tmp_path / 'out.mp4')
    assert pictures_of(out) == FRAMES
    assert sum('its audio cannot be carried over from' in r.message for r in caplog.records) == 1
