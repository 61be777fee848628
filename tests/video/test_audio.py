"""The clips' tone begins on every whole second; so must what is carried over."""

import logging

import av
import numpy as np
import pytest

from pipeline.video import VideoWriter, open_source

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
