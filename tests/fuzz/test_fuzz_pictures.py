"""Videos and images by mutation of whole ones."""

import io
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipeline.video import VideoWriter, open_source
from pipeline.video.image_sequence import IMAGE_SUFFIXES
from tests.fuzz.mutations import Contents, damage, damaged, fuzz

FRAMES = 60  # of each input at most
KINDS = [
    ('a.mp4', 'libx264', 'yuv420p'),
    ('b.webm', 'libvpx-vp9', 'yuv420p'),
    ('c.avi', 'mpeg4', 'yuv420p'),
    ('d.ts', 'mpeg2video', 'yuv420p'),
    ('e.gif', 'gif', 'rgb8'),
    ('f.mkv', 'ffv1', 'yuv420p'),
    ('g.mov', 'mjpeg', 'yuvj420p'),
    ('h.mp4', 'libx265', 'yuv420p'),
]
IMAGES = ['.png', '.jpg', '.webp', '.tiff', '.bmp', '.ppm', '.jp2', '.avif', '.hdr', '.ras', '.pgm', '.pfm', '.gif']
SUFFIXES = ['', '', '.png', '.jpg', '.tif']  # that the file is given, whatever is in it


def picture(i: int) -> np.ndarray:
    y, x = np.mgrid[:48, :64]
    return np.stack([x * 3 + i, y * 4, (x + y + 5 * i) % 256], -1).astype(np.uint8)


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    """``{name: content}`` of small videos."""
    folder, contents = tmp_path_factory.mktemp('whole'), Contents()
    for name, codec, pixels in KINDS:
        try:
            with av.open(str(folder / name), 'w') as output:
                stream = output.add_stream(codec, rate=25)
                stream.width, stream.height, stream.pix_fmt, stream.gop_size = 64, 48, pixels, 5
                for i in range(12):
                    output.mux(stream.encode(av.VideoFrame.from_ndarray(picture(i), 'rgb24').reformat(format=pixels)))
                output.mux(stream.encode(None))
        except (av.FFmpegError, ValueError):  # an encoder that this build lacks
            continue
        contents[name] = (folder / name).read_bytes()
    assert len(contents) >= 5
    return contents


def read_all(path):
    with open_source(path) as source:
        frames = 0
        for frame in islice(source, FRAMES):
            assert frame.image.dtype == np.uint8 and frame.image.shape == (source.info.height, source.info.width, 3)
            frames += 1
        assert frames and np.isfinite(float(source.info.fps))


@fuzz(0.2)
@given(st.integers(0, len(KINDS) - 1), damage)
def test_videos(videos, attempt, tmp_path_factory, kind, changes):
    name = sorted(videos)[kind % len(videos)]
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(damaged(videos[name], changes))
    attempt(f'video {path.suffix}', lambda: read_all(path))


@fuzz(0.03)
@given(st.sampled_from(['basketball_240p.mp4', 'street_5fps.mp4', 'store_aisle_detection.mp4']), damage)
def test_real_videos(shared, attempt, tmp_path_factory, name, changes):
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(damaged(shared('video', name).read_bytes(), changes))
    attempt('real video', lambda: read_all(path))


@fuzz(0.1)
@given(st.sampled_from(IMAGES), damage, st.sampled_from(SUFFIXES))
def test_images(attempt, tmp_path_factory, suffix, changes, named):
    shown = {'.pfm': picture(0).astype(np.float32), '.pgm': picture(0)[..., 0]}.get(suffix, picture(0))
    try:
        done, content = cv2.imencode(suffix, shown)
    except cv2.error:  # a codec that this build lacks
        done = False
    if not done:
        _, content = cv2.imencode('.png', picture(0))
    named = named or (suffix if suffix in IMAGE_SUFFIXES else '.png')
    folder = tmp_path_factory.getbasetemp() / f'images{suffix}{named}'
    folder.mkdir(exist_ok=True)
    for i in (1, 2):
        (folder / f'{i}{named}').write_bytes(damaged(content.tobytes(), changes) if i == 2 else content.tobytes())
    attempt('image', lambda: read_all(folder))


@pytest.fixture(scope='module')
def animations():
    """``{suffix: content}`` of small animations and a stack."""
    contents, images = Contents(), [Image.fromarray(picture(i)) for i in range(6)]
    for suffix in ('.webp', '.png', '.tif', '.avif'):
        buffer = io.BytesIO()
        try:
            images[0].save(buffer, suffix[1:].replace('tif', 'tiff'), save_all=True, append_images=images[1:])
        except (KeyError, OSError):  # a format that this Pillow was built without
            continue
        contents[suffix] = buffer.getvalue()
    return contents


@fuzz(0.06)
@given(st.integers(0, 3), damage)
def test_animations(animations, attempt, tmp_path_factory, kind, changes):
    suffix = sorted(animations)[kind % len(animations)]
    path = tmp_path_factory.getbasetemp() / f'animation{suffix}'
    path.write_bytes(damaged(animations[suffix], changes))
    attempt(f'animation {suffix}', lambda: read_all(path))


@pytest.fixture(scope='module')
def talkies(tmp_path_factory):
    """``{name: content}`` of small videos with sound."""
    folder, contents = tmp_path_factory.mktemp('talkies'), Contents()
    wave = (9000 * np.sin(np.arange(24000) / 8)).astype(np.int16)[None]
    kinds = [('a.mkv', 'libmp3lame'), ('b.ts', 'aac'), ('c.mp4', 'aac'), ('d.avi', 'mp2'), ('e.mov', 'pcm_s16le')]
    for name, sound in kinds:
        with av.open(str(folder / name), 'w') as output:
            video, audio = output.add_stream('mpeg4', rate=25), output.add_stream(sound, rate=48000, layout='mono')
            video.width, video.height, video.pix_fmt, video.gop_size = 64, 48, 'yuv420p', 5
            frame = av.AudioFrame.from_ndarray(wave, 's16', 'mono')
            frame.rate = 48000
            packets = [p for i in range(12) for p in video.encode(av.VideoFrame.from_ndarray(picture(i), 'rgb24'))]
            packets += [*video.encode(None), *audio.encode(frame), *audio.encode(None)]
            for packet in packets:
                output.mux(packet)
        contents[name] = (folder / name).read_bytes()
    return contents


@fuzz(0.06)
@given(st.integers(0, 4), damage)
def test_sound(talkies, attempt, tmp_path_factory, kind, changes):
    """However broken the sound is, every picture that was read is written."""
    name = sorted(talkies)[kind % len(talkies)]
    path, out = (tmp_path_factory.getbasetemp() / f'{stem}{Path(name).suffix}' for stem in ('talk', 'carried'))
    path.write_bytes(damaged(talkies[name], changes))

    def carry_over():
        with open_source(path) as source:
            pictures = list(islice(source, FRAMES))
            target = out.with_suffix('.mp4')
            with VideoWriter(target, source.info, preset='ultrafast', audio_from=path, force=True, threads=1) as writer:
                for frame in pictures:
                    writer.write(frame.image, frame.time)
        with av.open(str(target)) as written:
            assert sum(packet.size > 0 for packet in written.demux(video=0)) == len(pictures)

    attempt(f'sound {path.suffix}', carry_over)


@fuzz(0.02)
@given(st.one_of(st.text(max_size=12), st.floats(), st.integers(), st.from_regex(r'\A[0-9:.]{1,12}[sf]?\Z')))
def test_moments_and_rates(attempt, tmp_path_factory, value):
    path = tmp_path_factory.getbasetemp() / 'still.png'
    if not path.exists():
        cv2.imwrite(str(path), picture(0))

    def read():
        with open_source(path, start=value, fps=value) as source:
            list(source)

    attempt('moment, rate', read)
